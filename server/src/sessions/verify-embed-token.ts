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
 *
 * A refusal says what to change. Of a token that is not authentic it repeats what that says of itself, and tells whether
 * there is a key of that name, which stands in every page; what a revoked key signed is told from a forgery by its
 * signature alone. Nothing of a customer is said.
 * @returns refused `token_invalid`, `token_expired`, or `unavailable` when a JWKS cannot be fetched
 * @throws TenantUnavailable
 */
export async function verifyEmbedToken(
  token: string,
  { findKey, jwks, now }: VerifyOptions,
): Promise<EmbedGrant | Refused> {
  const named = readNames(token);
  if (!named) return invalid("it is no JSON Web Token whose iss names an embed key");
  const key = await findKey(named.issuer);
  const unknown = invalid(`there is no embed key ${named.issuer} (iss): sign with one of this seller's`);
  // A set of keys that was revoked is not fetched for anybody.
  if (!key || (key.revoked && key.key.kind === "jwks")) return unknown;
  const judged = await judge(token, { key, kid: named.kid, jwks, now });
  if (!key.revoked) return judged;
  const isOurs = judged.kind === "grant" || judged.code === "token_expired";
  return isOurs ? invalid(`the embed key ${key.id} was revoked: sign with one that is in use`) : unknown;
}

async function judge(
  token: string,
  { key, kid, jwks, now }: { key: EmbedKey; kid: string | undefined; jwks: Jwks; now: Date },
): Promise<EmbedGrant | Refused> {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, await materialFor({ key, kid, jwks }), {
      algorithms: [key.algorithm],
      issuer: key.id,
      audience: "pay",
      clockTolerance: toleranceS,
      currentDate: now,
      requiredClaims: ["iat", "exp", "sub", "jti"],
    });
    const { typ } = protectedHeader;
    if (typ !== undefined && typ.toLowerCase() !== "jwt") return invalid("its typ is not JWT");
    return grantOf(payload, now);
  } catch (error) {
    if (error instanceof errors.JWTExpired) return refused("token_expired", { detail: expired(error, now) });
    if (error instanceof JwksUnavailable) return refused("unavailable");
    if (error instanceof errors.JOSEAlgNotAllowed)
      return invalid(`the embed key ${key.id} signs with ${key.algorithm}, and its header says another alg`);
    if (error instanceof errors.JWTClaimValidationFailed)
      return invalid(
        `its claim ${error.claim} is missing or wrong: aud is "pay", iat, exp, sub and jti are needed`,
      );
    // jose answers a TypeError when key and algorithm do not go together.
    if (error instanceof errors.JOSEError || error instanceof TypeError)
      return invalid(
        `its signature is not the embed key ${key.id}'s: the secret or key is another, or its text was changed`,
      );
    throw error;
  }
}

const invalid = (detail: string) =>
  refused("token_invalid", { detail: `the embed token is refused: ${detail}` });

function expired({ payload }: errors.JWTExpired, now: Date): string {
  const agoS = Math.round(now.getTime() / 1000 - (payload.exp ?? 0));
  return `the embed token expired ${agoS} s ago: mint one each time the page is opened, and keep the page out of caches`;
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
  if (!claims.success)
    return invalid(`its claim ${String(claims.error.issues[0]?.path[0])} is not as it must be`);
  const { iss, sub, jti, iat, exp, invoices } = claims.data;
  const aheadS = Math.round(iat - now.getTime() / 1000);
  if (aheadS > toleranceS)
    return invalid(`its iat is ${aheadS} s ahead: the clock of whoever signs is wrong`);
  if (exp - iat > maximumLifeS || exp <= iat)
    return invalid(`it lives ${exp - iat} s (exp - iat): ${maximumLifeS} at most`);
  const expiresAt = new Date((exp + toleranceS) * 1000);
  return { kind: "grant", keyId: iss, subject: sub, invoices: invoices ?? null, tokenId: jti, expiresAt };
}

async function materialFor({ key, kid, jwks }: { key: EmbedKey; kid: string | undefined; jwks: Jwks }) {
  const { key: material, algorithm } = key;
  if (material.kind === "secret") return material.secret;
  if (material.kind === "jwk") return importJWK(material.jwk, algorithm);
  return importJWK(await jwks.find({ url: material.url, kid, algorithm }), algorithm);
}
