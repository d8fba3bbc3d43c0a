import type { MiddlewareHandler } from "hono";
import type { EdgeContext, EdgeEnv } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";
import { addressOf, type PayerCounting, type StrangerCounting } from "../limits/rate-classes.ts";
import type { RateLimit } from "../limits/rate-limit.ts";
import type { AccessTokens } from "../tokens/access-token.ts";
import type { Proof, ProofCheck } from "../tokens/proof.ts";

export interface AuthenticateOptions {
  tokens: AccessTokens;
  checkProof: ProofCheck;
  limit: RateLimit;
  /** Whether a proof was used at another edge. */
  usedElsewhere: (proofId: string) => Promise<boolean>;
}

/**
 * Lets a request on when its access token is ours, is this tenant's, and comes with a fresh proof of the
 * key it is bound to. Nothing is forwarded before all of that holds.
 * Unknown tokens and bad proofs count against the caller's address, good requests against their session.
 * Who is over a limit is refused ahead of the proof: it would cost a signature check and a place in the
 * tenant's share of the memory of used proofs.
 */
export function authenticate(
  options: AuthenticateOptions,
  { rate, renews = false }: { rate: PayerCounting; renews?: boolean },
): MiddlewareHandler<EdgeEnv> {
  const { tokens, limit } = options;
  return async (c, next) => {
    const host = c.get("host");
    const toAddress = () => limit.count(addressOf("guess", c.get("address")));
    const token = tokenOf(c);
    const access = await tokens.verify(token, toAddress, renews);
    if (access.tenantId !== host.tenant.id) {
      await toAddress();
      throw new Refusal("tenant_mismatch");
    }
    const caller = { host, session: access.jkt };
    await rate.ahead(caller);
    // Ahead of its cost, and of this session alone: others at the address have proofs of their own.
    const guesses = addressOf("proof", c.get("address"), access.jkt);
    await limit.refuseSpent(guesses);
    try {
      const { jkt } = await proofOf(c, options, access.ath);
      if (jkt !== access.jkt)
        throw new Refusal("proof_invalid", { detail: "the session is bound to another key" });
    } catch (error) {
      await limit.charge(guesses);
      throw error;
    }
    await rate.judged(caller);
    c.set("access", access);
    await next();
  };
}

/** Ahead of a session, the body unread: the caller proves the key that the session will be bound to. */
export function proveKey(options: AuthenticateOptions): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    c.set("jkt", (await proofOf(c, options, null)).jkt);
    await next();
  };
}

/** Whoever is nobody yet is counted ahead of everything, and charged to the tenant only when what it brought was good. */
export const counted =
  (rate: StrangerCounting): MiddlewareHandler<EdgeEnv> =>
  async (c, next) => {
    const caller = { host: c.get("host"), address: c.get("address") };
    await rate.ahead(caller);
    c.set("turn", () => rate.turn(caller));
    await next();
    if (c.res.ok) await rate.judged(caller);
  };

/** Checks the request's `DPoP` header. @throws Refusal `proof_invalid` */
async function proofOf(
  c: EdgeContext,
  { checkProof, usedElsewhere }: AuthenticateOptions,
  ath: string | null,
): Promise<Proof> {
  const proof = checkProof({
    tenantId: c.get("host").tenant.id,
    proof: c.req.header("dpop"),
    method: c.req.method,
    url: c.get("origin") + c.req.path,
    ath,
  });
  if (await usedElsewhere(proof.id))
    throw new Refusal("proof_invalid", { detail: "the proof was used before" });
  return proof;
}

/** RFC 9449 §7.1: `Authorization: DPoP <token>`. */
function tokenOf(c: EdgeContext): string {
  const header = c.req.header("authorization");
  if (header === undefined) throw new Refusal("token_missing");
  const token = /^DPoP ([\w.-]{1,4096})$/i.exec(header)?.[1];
  if (token === undefined) throw new Refusal("token_invalid");
  return token;
}
