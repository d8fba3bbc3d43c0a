import type { MiddlewareHandler } from "hono";
import type { RateLimit } from "./rate-limit.ts";
import { Refusal } from "./refusal.ts";
import type { EdgeContext, EdgeEnv } from "./request.ts";
import type { AccessTokens } from "./tokens/access-token.ts";
import type { Proof, ProofCheck } from "./tokens/proof.ts";

export interface AuthenticateOptions {
  tokens: AccessTokens;
  checkProof: ProofCheck;
  limit: RateLimit;
}

/**
 * Lets a request on when its access token is ours, is this tenant's, and comes with a fresh proof of the
 * key it is bound to. Nothing is forwarded before all of that holds.
 * Unknown tokens and bad proofs count against the caller's address, good requests against their session.
 * Who is over a limit is refused ahead of the proof: it would cost a signature check and a place in the
 * memory of used proofs, which all tenants share.
 */
export function authenticate({ tokens, checkProof, limit }: AuthenticateOptions): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const host = c.get("host");
    const address = c.get("address");
    const token = tokenOf(c);
    const access = await tokens.verify(token, () => limit.count("address", address));
    if (access.tenantId !== host.tenant.id) throw new Refusal("tenant_mismatch");
    await limit.refuseSpent("session", access.jkt);
    await limit.refuseSpent("tenant", host.tenant.id);
    try {
      const { jkt } = proofOf(c, checkProof, access.ath);
      if (jkt !== access.jkt)
        throw new Refusal("proof_invalid", { detail: "the session is bound to another key" });
    } catch (error) {
      await limit.count("address", address);
      throw error;
    }
    // By the key and not by the token: one token's signature has several spellings.
    await limit.count("session", access.jkt);
    await limit.count("tenant", host.tenant.id);
    c.set("access", access);
    await next();
  };
}

/** Ahead of `POST /v1/session`, the body unread: the caller proves the key its session will be bound to. */
export function proveKey({ checkProof, limit }: AuthenticateOptions): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    await limit.count("address", c.get("address"));
    await limit.refuseSpent("tenant", c.get("host").tenant.id);
    c.set("jkt", proofOf(c, checkProof, null).jkt);
    await limit.count("tenant", c.get("host").tenant.id);
    await next();
  };
}

/** Checks the request's `DPoP` header. @throws Refusal `proof_invalid` */
function proofOf(c: EdgeContext, checkProof: ProofCheck, ath: string | null): Proof {
  const url = c.get("origin") + c.req.path;
  return checkProof({ proof: c.req.header("dpop"), method: c.req.method, url, ath });
}

/** RFC 9449 §7.1: `Authorization: DPoP <token>`. */
function tokenOf(c: EdgeContext): string {
  const header = c.req.header("authorization");
  if (header === undefined) throw new Refusal("token_missing");
  const token = /^DPoP ([\w.-]{1,4096})$/i.exec(header)?.[1];
  if (token === undefined) throw new Refusal("token_invalid");
  return token;
}
