import { randomBytes } from "node:crypto";

/** A secret that is recognised wherever and however it turns up. */
export interface Canary {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export const canary = (name: string, secret: string | Uint8Array): Canary => ({
  name,
  bytes: Buffer.from(secret),
});

/** Letters and digits, so that it is the same in a URL, in JSON and in a header. */
export const canaryText = (prefix: string): string => `${prefix}${randomBytes(12).toString("hex")}`;

/**
 * Names of those that stand in `text`: as they are, in hex, or within base64 of something longer (each of the three
 * places where its bytes can begin).
 */
export function canariesIn(text: string, canaries: readonly Canary[]): string[] {
  // Whoever wraps lines hides nothing.
  const texts = [text, text.replaceAll(/\\n|\s/g, "")];
  return canaries
    .filter(({ bytes }) => formsOf(bytes).some((form) => texts.some((each) => each.includes(form))))
    .map(({ name }) => name);
}

function formsOf(bytes: Uint8Array): string[] {
  const secret = Buffer.from(bytes);
  const base64 = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), secret]).toString("base64");
    // Only characters that all of their 6 bits come from the secret.
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + secret.length) * 8) / 6));
  });
  const url = base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"));
  return [secret.toString("latin1"), secret.toString("utf8"), secret.toString("hex"), ...base64, ...url];
}
