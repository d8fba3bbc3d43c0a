import { createHmac, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import { z } from "zod";
import { InternalClaims } from "../../contract/index.ts";

/** What verifies internal tokens: the edge's Ed25519 public key, or a secret shared within one process. */
export type EdgeKey = { alg: "EdDSA"; key: KeyObject } | { alg: "HS256"; key: KeyObject };
export type Scope = InternalClaims["scopes"][number];

/** Clocks of edge and server may differ this much, seconds. */
const toleranceS = 5;
/** An internal token is never older than this, seconds. */
const maximumLifeS = 60;

const Header = z.object({ alg: z.string(), typ: z.literal("internal+jwt") }).strict();
const Payload = InternalClaims.extend({ aud: z.string(), iat: z.number(), exp: z.number() });

/** Not a token of our edge for this server, or not now. Tells the edge's operator, never a browser. */
export class NotFromEdge extends Error {
  override readonly name = "NotFromEdge";
}

export interface InternalTokenCheckOptions {
  key: EdgeKey;
  /** This server's name: `shared`, or its base URL in the registry. */
  audience: string;
  now: () => number;
}

/** @throws NotFromEdge */
export type InternalTokenCheck = (authorization: string | undefined, scope: Scope) => InternalClaims;

/**
 * Verifies compact JWS (RFC 7515 §5.2) with the one algorithm of the one key. Synchronous: it is on
 * the path of every request, where a trip through WebCrypto's thread pool costs more than the check.
 */
export function createInternalTokenCheck({
  key,
  audience,
  now,
}: InternalTokenCheckOptions): InternalTokenCheck {
  // The edge's header never changes: read once, then compared.
  let goodHeader: string | null = null;
  return (authorization, scope) => {
    const parts = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(authorization ?? "");
    if (!parts) throw new NotFromEdge("no internal token");
    const [, header = "", payload = "", signature = ""] = parts;
    if (header !== goodHeader && readJson(Header, header).alg !== key.alg) {
      throw new NotFromEdge("another algorithm than the key's");
    }
    if (!isSigned(`${header}.${payload}`, signature, key))
      throw new NotFromEdge("the signature does not verify");
    goodHeader = header;
    const { aud, iat, exp, ...claims } = readJson(Payload, payload);
    const nowS = now() / 1000;
    if (aud !== audience) throw new NotFromEdge("meant for another server");
    if (exp - iat > maximumLifeS || exp < nowS - toleranceS || iat > nowS + toleranceS) {
      throw new NotFromEdge("not in its time");
    }
    if (!claims.scopes.includes(scope)) throw new NotFromEdge(`without scope ${scope}`);
    return claims;
  };
}

function isSigned(signed: string, signature: string, { alg, key }: EdgeKey): boolean {
  const given = Buffer.from(signature, "base64url");
  if (alg === "EdDSA") return verify(null, Buffer.from(signed), key, given);
  const expected = createHmac("sha256", key).update(signed).digest();
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function readJson<T>(schema: z.ZodType<T>, segment: string): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(segment, "base64url").toString("utf8")));
  } catch (cause) {
    throw new NotFromEdge("malformed", { cause });
  }
}
