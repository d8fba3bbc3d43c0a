import { LRUCache } from "lru-cache";
import { TenantUnavailable } from "./errors.ts";

/** This many failures in a row, and the database counts as away. */
const failuresInARow = 3;
/** While it is away one query in this time finds out whether it is back, ms. */
const retryEveryMs = 500;

/**
 * A breaker for each tenant's database: while it does not answer, the tenant's requests are refused at once instead
 * of each waiting out its time. Any answer closes it again.
 */
export interface CircuitBreaker {
  /** @throws TenantUnavailable when the database was away a moment ago and it is not time to look again */
  check(tenantId: string): void;
  answered(tenantId: string): void;
  failed(tenantId: string): void;
}

export function createCircuitBreaker(now: () => number = Date.now): CircuitBreaker {
  const broken = new LRUCache<string, { failures: number; lookAgainAt: number }>({ max: 10_000 });
  return {
    check(tenantId) {
      const state = broken.get(tenantId);
      if (!state || state.failures < failuresInARow) return;
      if (now() < state.lookAgainAt) {
        throw new TenantUnavailable(`the database of tenant ${tenantId} did not answer a moment ago`);
      }
      state.lookAgainAt = now() + retryEveryMs;
    },
    answered(tenantId) {
      broken.delete(tenantId);
    },
    failed(tenantId) {
      const failures = (broken.get(tenantId)?.failures ?? 0) + 1;
      broken.set(tenantId, { failures, lookAgainAt: now() + retryEveryMs });
    },
  };
}
