import { randomUUID } from "node:crypto";
import { SignJWT } from "jose";

/**
 * The embed token as the user event of suitescript/ makes it: HS256 with the tenant's embed secret,
 * valid 5 min, for one use.
 * @param input.customerId internal id of the customer record
 */
export function mintEmbedToken(input: {
  key: { id: string; secret: string };
  customerId: string;
}): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuer(input.key.id)
    .setAudience("pay")
    .setSubject(input.customerId)
    .setIssuedAt()
    .setExpirationTime("5m")
    .setJti(randomUUID())
    .sign(new TextEncoder().encode(input.key.secret));
}
