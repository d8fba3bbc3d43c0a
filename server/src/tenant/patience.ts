import { LRUCache } from "lru-cache";
import { TenantUnavailable } from "./errors.ts";

/** This many failures in a row, and the database counts as away. */
const failuresInARow = 3;
/** While it is away one query in this time finds out whether it is back, ms. */
const retryEveryMs = 500;

/**
 * Remembers whose database does not answer, so that a tenant's requests are refused at once instead of each
 * waiting out its time. Any answer ends it.
 */
export interface Patience {
  /** @throws TenantUnavailable when the database was away a moment ago and it is not time to look again */
  ask(tenantId: string): void;
  answered(tenantId: string): void;
  failed(tenantId: string): void;
}

export function createPatience(now: () => number = Date.now): Patience {
  const silent = new LRUCache<string, { failures: number; lookAgainAt: number }>({ max: 10_000 });
  return {
    ask(tenantId) {
      const state = silent.get(tenantId);
      if (!state || state.failures < failuresInARow) return;
      if (now() < state.lookAgainAt) {
        throw new TenantUnavailable(`the database of tenant ${tenantId} did not answer a moment ago`);
      }
      state.lookAgainAt = now() + retryEveryMs;
    },
    answered(tenantId) {
      silent.delete(tenantId);
    },
    failed(tenantId) {
      const failures = (silent.get(tenantId)?.failures ?? 0) + 1;
      silent.set(tenantId, { failures, lookAgainAt: now() + retryEveryMs });
    },
  };
}
