import { asFailure } from "./api.ts";

export type Sleep = (ms: number) => Promise<void>;

export interface Patience {
  sleep: Sleep;
  /** Pauses between tries, ms; one more try than pauses. */
  waitsMs: readonly number[];
  /** `Retry-After` lengthens a pause up to this. */
  maxWaitMs: number;
  /** After pauses of so much in all, ms, there is no other: the payer is told. */
  enoughMs: number;
  /** Before each pause: time for words of progress. */
  onWait?: () => void;
}

/** For reading, while the payer looks at grey shapes: soon say what is wrong and offer to try again. */
export const reading = { waitsMs: [700, 1500], maxWaitMs: 4_000, enoughMs: 8_000 };
/** For a payment that may have been carried out: worth waiting for. */
export const paying = { waitsMs: [700, 1500, 3000, 6000], maxWaitMs: 60_000, enoughMs: 10_000 };

/**
 * Tries `call` until there is a definite answer. A transient failure says nothing about whether the
 * request was carried out, so the caller's request must be safe to send twice.
 * @throws ApiError the refusal, or the last transient failure when all tries are used up
 */
export async function patiently<T>(call: () => Promise<T>, patience: Patience): Promise<T> {
  const { sleep, waitsMs, maxWaitMs, enoughMs, onWait } = patience;
  let waitedMs = 0;
  for (let tries = 0; ; tries++) {
    try {
      return await call();
    } catch (error) {
      const failure = asFailure(error);
      const waitMs = waitsMs[tries];
      if (!failure.transient || waitMs === undefined || waitedMs >= enoughMs) throw failure;
      onWait?.();
      const pauseMs = Math.min(Math.max(waitMs, failure.retryAfterMs), maxWaitMs);
      waitedMs += pauseMs;
      await sleep(pauseMs);
    }
  }
}

/** A sleep that never wakes once `signal` is aborted: what waited then ends with its element. */
export function sleeper(signal: AbortSignal): Sleep {
  return (ms) =>
    new Promise((resolve) => {
      if (signal.aborted) return;
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    });
}

/** Resolves once somebody can see the page; never, once `signal` is aborted. */
export function inSight(page: Document, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => page.visibilityState === "visible" && !signal.aborted && resolve();
    page.addEventListener("visibilitychange", look, { signal });
    look();
  });
}
