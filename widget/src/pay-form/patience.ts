import { ApiError } from "./api.ts";

/** Pauses between tries of one call, ms. `Retry-After` lengthens them. */
const retryWaitsMs = [700, 1500, 3000, 6000];

export type Sleep = (ms: number) => Promise<void>;

export interface Patience {
  sleep: Sleep;
  /** Before each pause: time for words of progress. */
  onWait?: () => void;
}

/**
 * Tries `call` until there is a definite answer. A transient failure says nothing about whether the
 * request was carried out, so the caller's request must be safe to send twice.
 * @throws ApiError the refusal, or the last transient failure when all tries are used up
 */
export async function patiently<T>(call: () => Promise<T>, { sleep, onWait }: Patience): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await call();
    } catch (error) {
      const failure = error instanceof ApiError ? error : new ApiError("network");
      const waitMs = retryWaitsMs[tries];
      if (!failure.transient || waitMs === undefined) throw failure;
      onWait?.();
      await sleep(Math.max(waitMs, failure.retryAfterMs));
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
