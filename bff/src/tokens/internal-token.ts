import { createHmac, type KeyObject, sign } from "node:crypto";
import type { InternalClaims } from "@clarity/server/contract";
import { type BoundRequest, requestDigest } from "@clarity/server/contract/edge-trust";
import type { EdgeKeys } from "./keys.ts";

/** How long an internal token is good for, in seconds: one forwarded request. */
const internalTokenLifeS = 30;

/** The edge's Ed25519 keys, of which the first signs, or a secret shared with a server in the same process. */
export type InternalKey = { alg: "EdDSA"; keys: EdgeKeys } | { alg: "HS256"; key: KeyObject };

/** @param audience the server's name; `request` the one request that the token is for */
export type MintInternalToken = (
  claims: InternalClaims,
  meant: { audience: string; request: BoundRequest },
) => string;

/**
 * Signs the token every forwarded request carries (a compact JWS, RFC 7515 §7.1). Synchronous: it is
 * on the path of every request, and a signature is cheaper than a trip through the thread pool.
 *
 * `kid` is a claim for as long as there may be servers that take no header but the one they know; newer ones read it in
 * either place.
 */
export function createInternalTokens(internalKey: InternalKey, now: () => number): MintInternalToken {
  const header = Buffer.from(JSON.stringify({ alg: internalKey.alg, typ: "internal+jwt" })).toString(
    "base64url",
  );
  return (claims, { audience, request }) => {
    const iat = Math.floor(now() / 1000);
    const times = { iat, exp: iat + internalTokenLifeS };
    const { kid, signWith } = signerOf(internalKey);
    const payload = JSON.stringify({ ...claims, aud: audience, ...times, req: requestDigest(request), kid });
    const signed = `${header}.${Buffer.from(payload).toString("base64url")}`;
    return `${signed}.${signWith(signed).toString("base64url")}`;
  };
}

function signerOf(internalKey: InternalKey): { kid?: string; signWith: (signed: string) => Buffer } {
  if (internalKey.alg === "HS256") {
    return { signWith: (signed) => createHmac("sha256", internalKey.key).update(signed).digest() };
  }
  const [{ id, privateKey }] = internalKey.keys.all();
  return { kid: id, signWith: (signed) => sign(null, Buffer.from(signed), privateKey) };
}
