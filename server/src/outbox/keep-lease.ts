import type { Context } from "../context/context.ts";
import { renewLease } from "./lease-row.ts";
import type { OutboxRow } from "./outbox-row.ts";

/**
 * Works while the lease is renewed, each time a third of it is over. A renewal that fails is made up for by the next;
 * when the lease turns out to be another's, the work is told to end.
 * @returns what `work` does, and the row with the lease as it is then
 */
export async function keepLease<T>({
  ctx,
  input: { row, leaseS, work },
}: {
  ctx: Context;
  input: { row: OutboxRow; leaseS: number; work: (lost: AbortSignal) => Promise<T> };
}): Promise<{ result: T; row: OutboxRow }> {
  const lost = new AbortController();
  let kept = row;
  let renewing = Promise.resolve();
  const renew = async () => {
    const lease = await renewLease({ ctx, input: { row: kept, leaseS } });
    if (lease) kept = { ...kept, lease };
    else lost.abort(new Error("the lease is another's"));
  };
  const timer = setInterval(
    () => {
      renewing = renewing.then(renew).catch((error) => {
        ctx.log.warn({ err: error, outboxId: row.id }, "a lease could not be renewed");
      });
    },
    (leaseS * 1_000) / 3,
  );
  try {
    const result = await work(lost.signal);
    clearInterval(timer);
    // The lease's end is the fence: what is under way moves it, and is waited for before it is read.
    await renewing;
    return { result, row: kept };
  } finally {
    clearInterval(timer);
  }
}
