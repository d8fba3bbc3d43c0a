import type { Context, Job } from "./context.ts";
import { within } from "./within.ts";

/** A queue that is not heard of after this is not waited for, ms: a payer or a provider may be waiting for us. */
const patienceMs = 2_000;

/** Wakes the worker after a commit. A lost wake-up only costs time: the sweep finds the rows. */
export async function wake(ctx: Context, jobs: readonly Job[]): Promise<void> {
  if (jobs.length === 0) return;
  try {
    await within(patienceMs, ctx.wake(jobs));
  } catch (error) {
    ctx.log.warn({ err: error, jobs }, "waking the worker failed");
  }
}
