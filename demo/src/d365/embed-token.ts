import { randomUUID } from "node:crypto";
import { importJWK, type JWK, SignJWT } from "jose";

/**
 * The embed token as the server side of the host signs it: ES256 with a key whose public half the
 * tenant registered, valid 5 min, for one use.
 * @param input.customerId customer account in F&O, such as `US-001`
 */
export async function mintEmbedToken(input: {
  key: { id: string; privateJwk: JWK };
  customerId: string;
}): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: "ES256", typ: "JWT" })
    .setIssuer(input.key.id)
    .setAudience("pay")
    .setSubject(input.customerId)
    .setIssuedAt()
    .setExpirationTime("5m")
    .setJti(randomUUID())
    .sign(await importJWK(input.key.privateJwk, "ES256"));
}
