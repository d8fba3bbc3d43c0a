import type { Context, Job } from "./context.ts";

/** Wakes the worker after a commit. A lost wake-up only costs time: the sweep finds the rows. */
export async function wake(ctx: Context, jobs: readonly Job[]): Promise<void> {
  if (jobs.length === 0) return;
  try {
    await ctx.wake(jobs);
  } catch (error) {
    ctx.log.warn({ err: error, jobs }, "waking the worker failed");
  }
}
