import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** Wrong key, wrong context or altered bytes; AES-GCM cannot tell which. */
export class CannotDecrypt extends Error {
  override readonly name: string = "CannotDecrypt";
}

const algorithm = "aes-256-gcm";
/** NIST SP 800-38D: 96-bit nonce, 128-bit tag. */
const nonceBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM. Answers nonce, tag, ciphertext, one after the other.
 *
 * @param context authenticated, not stored: where the ciphertext belongs
 */
export function seal(input: {
  key: Uint8Array;
  plaintext: Uint8Array;
  context: readonly string[];
}): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, input.key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(authenticated(input.context));
  const ciphertext = Buffer.concat([cipher.update(input.plaintext), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
}

/** @throws CannotDecrypt */
export function openSealed(input: {
  key: Uint8Array;
  sealed: Uint8Array;
  context: readonly string[];
}): Uint8Array {
  const { sealed } = input;
  try {
    const decipher = createDecipheriv(algorithm, input.key, sealed.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(authenticated(input.context));
    decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
    const plaintext = decipher.update(sealed.subarray(nonceBytes + tagBytes));
    return Buffer.concat([plaintext, decipher.final()]);
  } catch (cause) {
    throw new CannotDecrypt(`cannot decrypt ${input.context.join(" / ")}`, { cause });
  }
}

/** JSON keeps the parts apart: ["a","bc"] and ["ab","c"] differ. */
const authenticated = (context: readonly string[]) => Buffer.from(JSON.stringify(context));
