import type { Queries } from "../database/database.ts";

/** What can be made to go wrong; API.md says what each does. */
export const faultModes = [
  "none",
  "timeout_after_charge",
  "error_500",
  "error_500_after",
  "error_409",
  "not_found_after_submit",
  "drop_webhooks",
  "duplicate_webhooks",
  "late_webhooks",
] as const;
export type FaultMode = (typeof faultModes)[number];

/** Calls that move money. */
export const operations = ["charge", "capture", "refund"] as const;
export type Operation = (typeof operations)[number];

export interface Fault {
  mode: FaultMode;
  /** How many calls (or webhooks) more it strikes. */
  remaining: number;
  /** Strikes these calls only; `null`: each that moves money. Means nothing to webhooks. */
  operation: Operation | null;
}

export async function readFault(sql: Queries): Promise<Fault> {
  const [fault] = await sql<[Fault]>`select mode, remaining, operation from faults`;
  return fault.remaining > 0 ? fault : { mode: "none", remaining: 0, operation: null };
}

export async function setFault({ sql, input }: { sql: Queries; input: Fault }): Promise<void> {
  await sql`
    update faults set mode = ${input.mode}, operation = ${input.operation},
      remaining = ${input.mode === "none" ? 0 : input.remaining}`;
}

/**
 * Uses up one strike of the fault that is on, if it is one of `modes` and means this operation.
 * Inside a transaction it comes back when the transaction does not commit.
 */
export async function takeFault({
  sql,
  modes,
  operation,
}: {
  sql: Queries;
  modes: FaultMode[];
  operation: Operation | null;
}): Promise<FaultMode> {
  const [taken] = await sql<{ mode: FaultMode }[]>`
    update faults set remaining = remaining - 1
    where remaining > 0 and mode in ${sql(modes)}
      and (${operation}::text is null or operation is null or operation = ${operation})
    returning mode`;
  return taken?.mode ?? "none";
}
