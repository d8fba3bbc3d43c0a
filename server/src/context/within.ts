import { setTimeout as delay } from "node:timers/promises";

/**
 * What the work answers, when it does so in time. The work itself goes on.
 *
 * @throws Error when it takes longer than `ms`; what the work throws
 */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = delay(ms, undefined, { signal: over.signal, ref: false }).then((): never => {
    throw new Error(`no answer within ${ms} ms`);
  });
  late.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}
