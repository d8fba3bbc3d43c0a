import type { TenantRecord } from "../registry/tenant-record.ts";

/** What a tenant may take of what all share. */
export interface Quota {
  /** Of its payers' sessions, at each edge, or at all of them when they share a Redis. */
  readonly requestsPerMinute: number;
  /** Under way in one server process; more are refused at once. A payment may wait 45 s for its provider. */
  readonly requestsAtOnce: number;
  /** Background jobs at once, over all processes. */
  readonly jobsAtOnce: number;
  /** Connections of its role, over all processes; PostgreSQL refuses more. */
  readonly connections: number;
}

/**
 * One place for what a tier means. Setting `quota.requestsPerMinute` overrides the first for one tenant; the
 * rest changes with the tier alone.
 */
export const quotas: Readonly<Record<TenantRecord["tier"], Quota>> = {
  starter: { requestsPerMinute: 3_000, requestsAtOnce: 50, jobsAtOnce: 2, connections: 15 },
  standard: { requestsPerMinute: 12_000, requestsAtOnce: 200, jobsAtOnce: 3, connections: 40 },
  dedicated: { requestsPerMinute: 60_000, requestsAtOnce: 1_000, jobsAtOnce: 6, connections: 100 },
};
