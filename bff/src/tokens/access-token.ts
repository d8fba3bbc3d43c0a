import { hash, type KeyObject, randomUUID } from "node:crypto";
import { Locale } from "@clarity/bff/contract";
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Access } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";
import type { EdgeKeys } from "./keys.ts";

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
   * @throws Refusal `token_invalid`, `token_expired`; `unavailable` when too many wait for keys to be read again
   */
  verify(token: string, beforeCheck: () => Promise<void>): Promise<Access>;
}

export interface AccessTokenOptions {
  keys: EdgeKeys;
  /**
   * Edges that have one key for everything share the name: sign with that, which they know. Their tokens are accepted
   * as long as this is set, and for a session's life after the start. Default false.
   */
  besideOlderEdges?: boolean;
  now: () => number;
}

/**
 * Access tokens: EdDSA JWTs of type `at+jwt` (RFC 9068), bound to the session's key by `cnf.jkt`.
 * `kid` names the access key (`EdgeKey.access`) that signed.
 * A token that verified once is remembered by its digest until it expires or its key is taken away: the same bytes
 * cannot verify differently, and only the digest is kept.
 */
export function createAccessTokens(options: AccessTokenOptions): AccessTokens {
  const { keys, besideOlderEdges = false, now } = options;
  const verified = new LRUCache<string, { access: Access; edgeKeyId: string }>({ max: 20_000 });
  const startedAt = now();
  const fromOlderEdges = () => besideOlderEdges || now() - startedAt < accessTokenLifeS * 1000;

  /** An older edge's token names no key: any may have signed it. */
  function candidates(kid: string | undefined): { edgeKeyId: string; publicKey: KeyObject }[] {
    if (kid !== undefined) {
      const named = keys.all().filter(({ access }) => access.id === kid);
      return named.map(({ id, access }) => ({ edgeKeyId: id, publicKey: access.publicKey }));
    }
    if (!fromOlderEdges()) return [];
    return keys.all().map(({ id, publicKey }) => ({ edgeKeyId: id, publicKey }));
  }

  async function check(token: string) {
    const kid = keyNamedBy(token);
    let tried = candidates(kid);
    // Another edge may have begun to sign with a key that this one has not read yet.
    if (tried.length === 0 && kid !== undefined) {
      if (!(await keys.readAgain())) throw new Refusal("unavailable");
      tried = candidates(kid);
    }
    let refusal = new Refusal("token_invalid");
    for (const { edgeKeyId, publicKey } of tried) {
      try {
        return { access: await verifyWith(publicKey, token, now), edgeKeyId };
      } catch (error) {
        refusal = new Refusal(error instanceof errors.JWTExpired ? "token_expired" : "token_invalid");
        if (refusal.code === "token_expired") break;
      }
    }
    throw refusal;
  }

  return {
    mint({ tenantId, subject, invoices, locale, embedKey, jkt }) {
      const issuedAtS = Math.floor(now() / 1000);
      const [{ privateKey, access }] = keys.all();
      return new SignJWT({ tenant: tenantId, inv: invoices, key: embedKey, locale, cnf: { jkt } })
        .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", ...(!besideOlderEdges && { kid: access.id }) })
        .setIssuer(issuer)
        .setAudience("pay")
        .setSubject(subject)
        .setJti(randomUUID())
        .setIssuedAt(issuedAtS)
        .setExpirationTime(issuedAtS + accessTokenLifeS)
        .sign(besideOlderEdges ? privateKey : access.privateKey);
    },

    async verify(token, beforeCheck) {
      const ath = hash("sha256", token, "base64url");
      const known = verified.get(ath);
      const believed = known && keys.all().some(({ id }) => id === known.edgeKeyId);
      if (believed && known.access.expiresAtS * 1000 > now()) return known.access;
      await beforeCheck();
      const { access, edgeKeyId } = await check(token);
      const whole = { ...access, ath };
      verified.set(ath, { access: whole, edgeKeyId });
      return whole;
    },
  };
}

/** @throws Refusal `token_invalid` */
function keyNamedBy(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    throw new Refusal("token_invalid");
  }
}

/** @throws what jose throws, or zod */
async function verifyWith(
  publicKey: KeyObject,
  token: string,
  now: () => number,
): Promise<Omit<Access, "ath">> {
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
}
