import { hash, type KeyObject, randomUUID } from "node:crypto";
import { Locale, type Renewal } from "@clarity/bff/contract";
import type { SessionLimits } from "@clarity/server/contract";
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Access } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";
import type { EdgeKeys } from "./keys.ts";

/** How long an access token is good for, in seconds: a session that may go on gets the next one by then. */
export const accessTokenLifeS = 600;
const issuer = "pay";

const Claims = z.object({
  tenant: z.uuid(),
  sub: z.string(),
  inv: z.array(z.string()).nullable(),
  key: z.string().optional(),
  locale: Locale,
  cnf: z.object({ jkt: z.string() }),
  /** When the session was opened, and until when it may be renewed, seconds since 1970. */
  ses: z.object({ at: z.number(), until: z.number() }).optional(),
  exp: z.number(),
});

type Grant = Pick<Access, "tenantId" | "subject" | "invoices" | "locale" | "embedKey" | "jkt"> & {
  /** How long the session may go on; undefined: an older server does not say, and it may not. */
  limits: SessionLimits | undefined;
  /** Of a session that goes on, seconds since 1970. Default now. */
  openedAtS?: number;
};

type Minted = Pick<Renewal, "accessToken" | "expiresInS" | "renewableInS" | "endsInS">;

export interface AccessTokens {
  /** @throws Refusal `token_expired` when the session is as old as it may be */
  mint(grant: Grant): Promise<Minted>;
  /**
   * @param beforeCheck called for a token not seen before, ahead of the costly part; may throw
   * @param renews takes one that has run out as long as its session may be renewed, and none else
   * @throws Refusal `token_invalid`, `token_expired`; `unavailable` when too many wait for keys to be read again
   */
  verify(token: string, beforeCheck: () => Promise<void>, renews?: boolean): Promise<Access>;
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
    for (const { edgeKeyId, publicKey } of tried) {
      const access = await verifyWith(publicKey, token, now).catch(() => null);
      if (access) return { access, edgeKeyId };
    }
    throw new Refusal("token_invalid");
  }

  return {
    async mint({ tenantId, subject, invoices, locale, embedKey, jkt, limits, openedAtS }) {
      const issuedAtS = Math.floor(now() / 1000);
      const times = timesOf({ issuedAtS, openedAtS: openedAtS ?? issuedAtS, limits });
      if (times.expiresInS <= 0) throw new Refusal("token_expired");
      const [{ privateKey, access }] = keys.all();
      const claims = { tenant: tenantId, inv: invoices, key: embedKey, locale, cnf: { jkt }, ses: times.ses };
      const accessToken = await new SignJWT(claims)
        .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", ...(!besideOlderEdges && { kid: access.id }) })
        .setIssuer(issuer)
        .setAudience("pay")
        .setSubject(subject)
        .setJti(randomUUID())
        .setIssuedAt(issuedAtS)
        .setExpirationTime(issuedAtS + times.expiresInS)
        .sign(besideOlderEdges ? privateKey : access.privateKey);
      const { expiresInS, renewableInS, endsInS } = times;
      return { accessToken, expiresInS, ...(endsInS !== undefined && { renewableInS, endsInS }) };
    },

    async verify(token, beforeCheck, renews = false) {
      const ath = hash("sha256", token, "base64url");
      const known = verified.get(ath);
      const believed = known && keys.all().some(({ id }) => id === known.edgeKeyId);
      if (believed && isInTime(known.access, { renews, now })) return known.access;
      await beforeCheck();
      const { access, edgeKeyId } = await check(token);
      const whole = { ...access, ath };
      if (!isInTime(whole, { renews, now })) throw new Refusal("token_expired");
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

/** A session ends where it may not be renewed, whatever its tokens say. */
function timesOf(of: { issuedAtS: number; openedAtS: number; limits: SessionLimits | undefined }) {
  const { issuedAtS, openedAtS, limits } = of;
  if (!limits) return { expiresInS: accessTokenLifeS };
  const endsInS = openedAtS + limits.absoluteS - issuedAtS;
  const renewableInS = Math.min(limits.idleS, endsInS);
  const expiresInS = Math.min(accessTokenLifeS, renewableInS);
  return { expiresInS, renewableInS, endsInS, ses: { at: openedAtS, until: issuedAtS + renewableInS } };
}

function isInTime({ expiresAtS, session }: Access, by: { renews: boolean; now: () => number }): boolean {
  const untilS = by.renews ? (session?.renewableUntilS ?? 0) : expiresAtS;
  return untilS * 1000 > by.now();
}

/** One that has run out is judged like any other: its session may go on. @throws what jose throws, or zod */
async function verifyWith(
  publicKey: KeyObject,
  token: string,
  now: () => number,
): Promise<Omit<Access, "ath">> {
  const checked = jwtVerify(token, publicKey, {
    algorithms: ["EdDSA"],
    typ: "at+jwt",
    issuer,
    audience: "pay",
    requiredClaims: ["exp", "iat", "sub", "jti"],
    currentDate: new Date(now()),
  });
  // Its end is what jose looks at last: all else about it is as it should be.
  const payload = await checked.then(
    (verified) => verified.payload,
    (error) => (error instanceof errors.JWTExpired ? error.payload : Promise.reject(error)),
  );
  const { tenant, sub, inv, key, locale, cnf, exp, ses } = Claims.parse(payload);
  const session = ses ? { openedAtS: ses.at, renewableUntilS: ses.until } : null;
  const granted = { tenantId: tenant, subject: sub, invoices: inv, embedKey: key, locale };
  return { ...granted, jkt: cnf.jkt, expiresAtS: exp, session };
}
