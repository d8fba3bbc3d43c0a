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

/** How long one try may take, ms; connectors and SMTP are cut off then. */
export const tryTimeoutMs = 40_000;

/** Longer than a try, so that nobody overtakes a living worker. Seconds. */
export const leaseS = 60;
