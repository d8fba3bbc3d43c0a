/** Standard Webhooks 1.0.0: a symmetric key has 24 to 64 bytes. Fewer can be tried out, and none is everybody's. */
const fewestBytes = 24;

/**
 * The key in a `whsec_<base64>`; null when there is none worth the name: the prefix alone, base64 of too little, or
 * text that is no base64, of which Node's decoder would make a key of its own.
 */
export function webhookKeyOf(secret: string): Uint8Array | null {
  const encoded = secret.replace(/^whsec_/, "");
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(encoded)) return null;
  const key = Buffer.from(encoded, "base64");
  const canonical = key.toString("base64").replace(/=+$/, "");
  const given = encoded.replace(/=+$/, "").replaceAll("-", "+").replaceAll("_", "/");
  return canonical === given && key.length >= fewestBytes ? key : null;
}
