/** Stands where a secret was. */
const mark = "(secret)";
/** Characters. A shorter one is in any text by chance, and would only make it unreadable. */
const shortest = 6;

/**
 * Takes secrets out of words that others chose: vendors quote what they were sent, `fetch` a header it cannot send.
 * They are found as they are, in hex, as JSON or a URL writes them, and within base64 of something longer. Do it
 * before a text is cut: half a secret is not found.
 */
export function conceal(text: string, secrets: readonly (string | null)[]): string {
  let rest = text;
  for (const secret of secrets) {
    if (secret === null || secret.length < shortest) continue;
    for (const form of formsOf(secret)) rest = rest.replaceAll(form, mark);
    rest = withoutBase64(rest, Buffer.from(secret));
  }
  return rest;
}

function formsOf(secret: string): Set<string> {
  const hex = Buffer.from(secret).toString("hex");
  return new Set([
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    new URLSearchParams({ "": secret }).toString().slice(1),
    hex,
    hex.toUpperCase(),
  ]);
}

/**
 * Takes away all the base64 around it too, which may be a user's name and bits of the secret's ends. Steps by hand
 * instead of by a pattern: the text is somebody else's, and may be long.
 */
function withoutBase64(text: string, secret: Buffer): string {
  const normal = text.replaceAll("-", "+").replaceAll("_", "/");
  const inside = new RegExp(coresOf(secret).join("|").replaceAll("+", "\\+"), "g");
  let rest = "";
  let from = 0;
  for (let found = inside.exec(normal); found; found = inside.exec(normal)) {
    let start = found.index;
    while (start > from && isBase64(normal[start - 1])) start--;
    let end = found.index;
    while (isBase64(normal[end])) end++;
    rest += text.slice(from, start) + mark;
    from = end;
    inside.lastIndex = end;
  }
  return rest + text.slice(from);
}

const isBase64 = (character: string | undefined) =>
  character !== undefined && /[A-Za-z0-9+/=]/.test(character);

/** What comes before it shifts it by 0, 2 or 4 bits; characters that hold bits of a neighbour are left out. */
function coresOf(secret: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), secret]).toString("base64");
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + secret.length) * 8) / 6));
  });
}
