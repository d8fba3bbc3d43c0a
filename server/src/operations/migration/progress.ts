import type { Ring } from "./rings.ts";

/** How far a run is. */
export interface Progress {
  readonly ring: Ring;
  /** Tenants brought to the target, those that failed, all that are to be tried. */
  readonly done: number;
  readonly failed: number;
  readonly total: number;
  readonly perSecond: number;
  /** Until all were tried, at the speed so far, ms; null: nothing to go by yet. */
  readonly remainingMs: number | null;
}

/** @param input.tried by this process, in `elapsedMs` */
export function estimate(
  counts: Pick<Progress, "ring" | "done" | "failed" | "total">,
  { tried, elapsedMs }: { tried: number; elapsedMs: number },
): Progress {
  const perMs = elapsedMs > 0 ? tried / elapsedMs : 0;
  const left = Math.max(0, counts.total - counts.done - counts.failed);
  return { ...counts, perSecond: perMs * 1_000, remainingMs: perMs > 0 ? left / perMs : null };
}

/** `rest: 412 of 1000, 3 failed, 71/s, 8 s left` */
export function describeProgress(progress: Progress): string {
  const { ring, done, failed, total, perSecond, remainingMs } = progress;
  const speed = perSecond >= 10 ? perSecond.toFixed(0) : perSecond.toFixed(1);
  const parts = [`${ring}: ${done} of ${total}`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (remainingMs !== null) parts.push(`${speed}/s`, `${describeDuration(remainingMs)} left`);
  return parts.join(", ");
}

/** `8 s`, `2 min 5 s`, `1 h 3 min` */
function describeDuration(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}
