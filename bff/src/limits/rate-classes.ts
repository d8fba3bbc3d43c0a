import type { HostEntry, RateClass } from "@clarity/server/contract";
import { openRequestsOf, type RateLimit, tenantOf } from "./rate-limit.ts";

/**
 * A row's rate class at work. A guard calls `ahead` before what costs it (a signature check, a place in the memory of
 * used proofs) and `passed` once it lets the request in. Both throw `Refusal` `rate_limited`.
 */
export interface Counting<Caller> {
  ahead(caller: Caller): Promise<void>;
  passed(caller: Caller): Promise<void>;
}

/** `session`: thumbprint of the session's key, and not its token, for one token's signature has several spellings. */
export type PayerCounting = Counting<{ host: HostEntry; session: string }>;
export type NewcomerCounting = Counting<{ host: HostEntry; address: string }>;
export type AnybodyCounting = Counting<{ host: HostEntry }>;

export interface RateClasses extends Record<Exclude<RateClass, "uncounted">, unknown> {
  payer: PayerCounting;
  newcomer: NewcomerCounting;
  anybody: AnybodyCounting;
}

export function createRateClasses(limit: RateLimit): RateClasses {
  return {
    payer: {
      async ahead({ host, session }) {
        await limit.refuseSpent({ kind: "session", key: session });
        await limit.refuseSpent(tenantOf(host));
      },
      async passed({ host, session }) {
        await limit.count({ kind: "session", key: session });
        await limit.count(tenantOf(host));
      },
    },
    newcomer: {
      async ahead({ host, address }) {
        await limit.count({ kind: "address", key: address });
        await limit.refuseSpent(tenantOf(host));
      },
      passed: ({ host }) => limit.count(tenantOf(host)),
    },
    anybody: {
      ahead: ({ host }) => limit.count(openRequestsOf(host)),
      async passed() {},
    },
  };
}
