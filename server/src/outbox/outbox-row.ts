import { erpTiming } from "../connectors/transport/timing.ts";

/** A row of `pay.outbox`, leased to us. */
export interface OutboxRow {
  tenant_id: string;
  id: string;
  kind: "erp_post" | "receipt_email";
  payment_id: string;
  /** Leases taken since it was made or replayed, ours included. */
  tries: number;
  /** Our lease's end as the database wrote it, to the microsecond: with `tries` the fence that keeps a late worker out. */
  lease: string;
}

/** After so many fruitless tries, over about 17 hours, a row is dead until a person replays it. */
export const maxTries = 12;

/** How long one try may take, ms: an ERP's post and the hooks around it; whatever is delivered is cut off then. */
export const tryTimeoutMs = erpTiming.postMs + 10_000;

/** A lease outlives a try by this, ms: what the try sent last may still be on its way, and its end must be written. */
export const leaseMarginMs = 60_000;

/** Longer than a try, and renewed while it lasts, so that nobody overtakes a living worker. Seconds. */
export const leaseS = (tryTimeoutMs + leaseMarginMs) / 1_000;

/** The two that belong together; a test may shorten both. */
export interface TryTiming {
  /** The lease is renewed each time a third of it is over. */
  readonly leaseS: number;
  readonly tryTimeoutMs: number;
}
export const tryTiming: TryTiming = { leaseS, tryTimeoutMs };
