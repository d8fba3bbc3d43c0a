import { decodeJwt, decodeProtectedHeader, errors, importJWK, type JWTPayload, jwtVerify } from "jose";
import { z } from "zod";
import { ForeignId, type Refused, refused } from "../../contract/index.ts";
import type { EmbedKey } from "./embed-keys.ts";
import { type Jwks, JwksUnavailable } from "./jwks.ts";

/** Clocks of ERP and server may differ this much, seconds. */
const toleranceS = 30;
/** The longest life of an embed token, seconds. */
const maximumLifeS = 600;

const Claims = z.object({
  iss: ForeignId,
  sub: ForeignId,
  jti: z.string().min(1).max(200),
  iat: z.number(),
  exp: z.number(),
  invoices: z.array(ForeignId).min(1).max(200).optional(),
});

/** A token that is authentic and in its time; not yet used up. */
export interface EmbedGrant {
  kind: "grant";
  keyId: string;
  /** ERP customer id. */
  subject: string;
  invoices: string[] | null;
  tokenId: string;
  expiresAt: Date;
}

/** Finds a tenant's key by the token's `iss`; `null` for unknown and revoked ones. @throws TenantUnavailable */
export type FindEmbedKey = (id: string) => Promise<EmbedKey | null>;

export interface VerifyOptions {
  findKey: FindEmbedKey;
  jwks: Jwks;
  now: Date;
}

/**
 * Judges an embed token by RFC 8725: the key is the tenant's own, found by `iss` alone; it decides the
 * one algorithm. Keys and addresses named in the token's header are not looked at.
 * @returns refused `token_invalid`, `token_expired`, or `unavailable` when a JWKS cannot be fetched
 * @throws TenantUnavailable
 */
export async function verifyEmbedToken(
  token: string,
  { findKey, jwks, now }: VerifyOptions,
): Promise<EmbedGrant | Refused> {
  const named = readNames(token);
  const key = named && (await findKey(named.issuer));
  if (!key) return refused("token_invalid");
  try {
    const { payload, protectedHeader } = await jwtVerify(
      token,
      await materialFor({ key, kid: named.kid, jwks }),
      {
        algorithms: [key.algorithm],
        issuer: key.id,
        audience: "pay",
        clockTolerance: toleranceS,
        currentDate: now,
        requiredClaims: ["iat", "exp", "sub", "jti"],
      },
    );
    const { typ } = protectedHeader;
    if (typ !== undefined && typ.toLowerCase() !== "jwt") return refused("token_invalid");
    return grantOf(payload, now);
  } catch (error) {
    if (error instanceof errors.JWTExpired) return refused("token_expired");
    if (error instanceof JwksUnavailable) return refused("unavailable");
    // jose answers a TypeError when key and algorithm do not go together.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return refused("token_invalid");
    throw error;
  }
}

/** What an unverified token says about who signed it; null when it is no token. */
function readNames(token: string): { issuer: string; kid: string | undefined } | null {
  try {
    const { kid } = decodeProtectedHeader(token);
    return { issuer: ForeignId.parse(decodeJwt(token).iss), kid };
  } catch {
    return null;
  }
}

function grantOf(payload: JWTPayload, now: Date): EmbedGrant | Refused {
  const claims = Claims.safeParse(payload);
  if (!claims.success) return refused("token_invalid");
  const { iss, sub, jti, iat, exp, invoices } = claims.data;
  const fromTheFuture = iat > now.getTime() / 1000 + toleranceS;
  if (fromTheFuture || exp - iat > maximumLifeS || exp <= iat) return refused("token_invalid");
  const expiresAt = new Date((exp + toleranceS) * 1000);
  return { kind: "grant", keyId: iss, subject: sub, invoices: invoices ?? null, tokenId: jti, expiresAt };
}

async function materialFor({ key, kid, jwks }: { key: EmbedKey; kid: string | undefined; jwks: Jwks }) {
  const { key: material, algorithm } = key;
  if (material.kind === "secret") return material.secret;
  if (material.kind === "jwk") return importJWK(material.jwk, algorithm);
  return importJWK(await jwks.find({ url: material.url, kid, algorithm }), algorithm);
}
