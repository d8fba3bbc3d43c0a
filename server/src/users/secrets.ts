import { createHash, randomBytes, randomInt, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(scrypt) as (secret: string, salt: string, length: number) => Promise<Buffer>;

/** 256 bits in base64url. */
export const newLinkToken = (): string => randomBytes(32).toString("base64url");

/** Six digits, each as likely as the others. */
export const newCode = (): string => String(randomInt(1_000_000)).padStart(6, "0");

export const digestOf = (secret: string): Buffer => createHash("sha256").update(secret).digest();

/**
 * Of a code there are a million: a plain digest of it is read back in a moment, this one (scrypt at Node's cost, some 50
 * ms) not before the code has expired. @param salt the challenge's id
 */
export const hashCode = (code: string, salt: string): Promise<Buffer> => derive(code, salt, 32);

/** @param hash as it was stored */
export async function isCode(code: string, salt: string, hash: Uint8Array): Promise<boolean> {
  const given = await hashCode(code, salt);
  return given.length === hash.length && timingSafeEqual(given, hash);
}
