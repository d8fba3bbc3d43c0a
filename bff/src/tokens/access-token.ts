import { hash, type KeyObject, randomUUID } from "node:crypto";
import { Locale } from "@clarity/bff/contract";
import { errors, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Access } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";

/** How long a session lasts, in seconds. */
export const accessTokenLifeS = 600;

const issuer = "pay";

const Claims = z.object({
  tenant: z.uuid(),
  sub: z.string(),
  inv: z.array(z.string()).nullable(),
  key: z.string().optional(),
  locale: Locale,
  cnf: z.object({ jkt: z.string() }),
  exp: z.number(),
});

export interface AccessTokens {
  mint(
    grant: Pick<Access, "tenantId" | "subject" | "invoices" | "locale" | "embedKey" | "jkt">,
  ): Promise<string>;
  /**
   * @param beforeCheck called for a token not seen before, ahead of the costly part; may throw
   * @throws Refusal `token_invalid`, `token_expired`
   */
  verify(token: string, beforeCheck: () => Promise<void>): Promise<Access>;
}

export interface AccessTokenOptions {
  privateKey: KeyObject;
  publicKey: KeyObject;
  now: () => number;
}

/**
 * Access tokens: EdDSA JWTs of type `at+jwt` (RFC 9068), bound to the session's key by `cnf.jkt`.
 * A token that verified once is remembered by its digest until it expires: the same bytes cannot
 * verify differently, and only the digest is kept.
 */
export function createAccessTokens({ privateKey, publicKey, now }: AccessTokenOptions): AccessTokens {
  const verified = new LRUCache<string, Access>({ max: 20_000 });
  return {
    mint({ tenantId, subject, invoices, locale, embedKey, jkt }) {
      const issuedAtS = Math.floor(now() / 1000);
      return new SignJWT({ tenant: tenantId, inv: invoices, key: embedKey, locale, cnf: { jkt } })
        .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt" })
        .setIssuer(issuer)
        .setAudience("pay")
        .setSubject(subject)
        .setJti(randomUUID())
        .setIssuedAt(issuedAtS)
        .setExpirationTime(issuedAtS + accessTokenLifeS)
        .sign(privateKey);
    },
    async verify(token, beforeCheck) {
      const ath = hash("sha256", token, "base64url");
      const known = verified.get(ath);
      if (known && known.expiresAtS * 1000 > now()) return known;
      await beforeCheck();
      const access = { ...(await check(token, publicKey, now)), ath };
      verified.set(ath, access);
      return access;
    },
  };
}

async function check(token: string, publicKey: KeyObject, now: () => number): Promise<Omit<Access, "ath">> {
  try {
    const { payload } = await jwtVerify(token, publicKey, {
      algorithms: ["EdDSA"],
      typ: "at+jwt",
      issuer,
      audience: "pay",
      requiredClaims: ["exp", "iat", "sub", "jti"],
      currentDate: new Date(now()),
    });
    const { tenant, sub, inv, key, locale, cnf, exp } = Claims.parse(payload);
    const session = { tenantId: tenant, subject: sub, invoices: inv, embedKey: key, locale };
    return { ...session, jkt: cnf.jkt, expiresAtS: exp };
  } catch (error) {
    throw new Refusal(error instanceof errors.JWTExpired ? "token_expired" : "token_invalid");
  }
}
