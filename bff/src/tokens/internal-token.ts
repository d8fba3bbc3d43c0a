import { createHmac, type KeyObject, sign } from "node:crypto";
import type { InternalClaims } from "@clarity/server/contract";

/** How long an internal token is good for, in seconds: one forwarded request. */
const internalTokenLifeS = 30;

/** An Ed25519 private key, or a secret shared with a server in the same process. */
export type InternalKey = { alg: "EdDSA"; key: KeyObject } | { alg: "HS256"; key: KeyObject };

export type MintInternalToken = (claims: InternalClaims, audience: string) => string;

/**
 * Signs the token every forwarded request carries (a compact JWS, RFC 7515 §7.1). Synchronous: it is
 * on the path of every request, and a signature is cheaper than a trip through the thread pool.
 */
export function createInternalTokens({ alg, key }: InternalKey, now: () => number): MintInternalToken {
  const header = Buffer.from(JSON.stringify({ alg, typ: "internal+jwt" })).toString("base64url");
  return (claims, audience) => {
    const iat = Math.floor(now() / 1000);
    const payload = JSON.stringify({ ...claims, aud: audience, iat, exp: iat + internalTokenLifeS });
    const signed = `${header}.${Buffer.from(payload).toString("base64url")}`;
    const signature =
      alg === "HS256"
        ? createHmac("sha256", key).update(signed).digest("base64url")
        : sign(null, Buffer.from(signed), key).toString("base64url");
    return `${signed}.${signature}`;
  };
}
