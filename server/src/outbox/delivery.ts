import type { Context } from "../context/context.ts";
import type { OutboxRow } from "./outbox-row.ts";

/** How a try ended. `result` is stored; `cause` is for us and for whoever looks at dead letters. */
export type DeliveryOutcome =
  | { kind: "done"; result: Record<string, unknown> }
  /** `retryAfterMs`: not earlier, the other side said so. */
  | { kind: "retry"; cause: string; retryAfterMs: number | null }
  /** Trying again cannot help. */
  | { kind: "undeliverable"; cause: string };

/** What the outbox does with rows of one kind. It is handed these and knows none of them. */
export interface Delivery {
  /** The span's and the log's word for it. */
  readonly name: string;
  /** When a try is cut off, ms; default and longest: `tryTimeoutMs`. */
  readonly timeoutMs?: number;
  /** One try. A throw counts as `retry`. @param call.input.signal ends the try */
  deliver(call: { ctx: Context; input: { row: OutboxRow; signal: AbortSignal } }): Promise<DeliveryOutcome>;
  /** Finishes the row in a statement of its own, where more than the row changes. Default: `markDone`. */
  conclude?(call: {
    ctx: Context;
    input: { row: OutboxRow; result: Record<string, unknown> };
  }): Promise<unknown>;
}

/** One a kind of row; the program that starts a worker composes them. */
export type Deliveries = Readonly<Record<OutboxRow["kind"], Delivery>>;
