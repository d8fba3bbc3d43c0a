import { setTimeout as delay } from "node:timers/promises";

/**
 * Looks again on behalf of whoever asks: never twice at once, never more often than every `everyMs`, and for each who
 * asks in a look that began after it asked.
 */
export interface Refresher {
  /** @returns false, at once, when too many wait already */
  ask(): Promise<boolean>;
  /** Since the last look began, or since this was made, ms. */
  ageMs(): number;
}

export function createRefresher(input: {
  /** Never throws. */
  look: () => Promise<void>;
  everyMs: number;
  mostWaiting: number;
}): Refresher {
  const madeAt = performance.now();
  let startedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  let waiting = 0;

  async function lookOnce(): Promise<void> {
    await running;
    await delay(Math.max(0, startedAt + input.everyMs - performance.now()));
    next = null;
    startedAt = performance.now();
    running = input.look();
    await running;
  }

  return {
    async ask() {
      if (waiting >= input.mostWaiting) return false;
      waiting++;
      next ??= lookOnce();
      await next.finally(() => waiting--);
      return true;
    },
    ageMs: () => performance.now() - Math.max(startedAt, madeAt),
  };
}
