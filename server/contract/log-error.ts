/**
 * What is looked for begins where a run of its characters begins, never within one: a pattern that is tried anew at
 * each character of a long run takes the square of its length, and the text is somebody else's.
 */
const address = /(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;
/** A card number's length, as people and programs write it. */
const digits = /\b\d(?:[ -]?\d){12,18}\b/g;
const bearer = /\b(?:Bearer|DPoP|Basic) {1,8}[\w.~+/=-]{8,}/g;
/** Whatever has two dots and more in it: a JWT may be. */
const dotted = /(?<![\w.-])[\w-]+(?:\.[\w-]*){2,}/g;
/** `{"` in base64url, how a JWT's first part begins. */
const jwtHead = /(?:^|-)eyJ[\w-]/;

/** Characters of a message or a stack that are kept. */
const longest = 16_000;
/** Causes of causes. */
const deepest = 8;

/** Messages quote what they could not read: e-mail addresses, long numbers and tokens in them are put out. */
const withoutPersonal = (text: string): string =>
  text
    .replaceAll(bearer, "[token]")
    .replaceAll(dotted, withoutJwt)
    .replaceAll(address, "[e-mail]")
    .replaceAll(digits, "[digits]")
    // Afterwards: half of what is looked for is not found.
    .slice(0, longest);

/** All from where it begins: what follows a JWT without a break is of no use without it. */
function withoutJwt(run: string): string {
  const parts = run.split(".");
  const first = parts.findIndex(
    (part, index) => parts[index + 1] && parts[index + 2] !== undefined && jwtHead.test(part),
  );
  if (first < 0) return run;
  const part = parts[first] ?? "";
  return [...parts.slice(0, first), `${part.slice(0, part.search(/eyJ[\w-]/))}[token]`].join(".");
}

/**
 * An error as edge and server log it. An allow-list: errors of postgres.js carry row values in `detail` and
 * `where`, those of HTTP clients carry headers and bodies.
 */
export const describeError = (error: unknown): unknown => describe(error, 0);

function describe(error: unknown, depth: number): unknown {
  if (!(error instanceof Error)) return { message: withoutPersonal(String(error)) };
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: withoutPersonal(error.message),
    ...(typeof code === "string" && { code }),
    ...(error.stack !== undefined && { stack: withoutPersonal(error.stack) }),
    // Some are their own cause.
    ...(error.cause !== undefined && depth < deepest && { cause: describe(error.cause, depth + 1) }),
  };
}
