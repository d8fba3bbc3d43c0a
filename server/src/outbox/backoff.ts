const firstMs = 2_000;
const factor = 3;
const longestMs = 6 * 3_600_000;

/**
 * Pause before the next try, ms: 2 s, 6 s, 18 s … 6 h, each shortened by up to half at random, so that
 * what failed together does not come back together. Never less than the other side asked for.
 *
 * @param tries tries so far, at least 1
 * @param random 0 ≤ random < 1
 */
export function retryInMs(tries: number, retryAfterMs: number | null, random = Math.random()): number {
  const full = Math.min(firstMs * factor ** (tries - 1), longestMs);
  return Math.max(Math.round(full * (1 - random / 2)), retryAfterMs ?? 0);
}
