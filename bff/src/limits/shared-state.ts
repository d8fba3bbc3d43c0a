import { Redis } from "ioredis";
import type { Logger } from "pino";

/** What edges share, so that a limit or a used proof counts once over all of them. */
export interface SharedState {
  /** For the limiters; they count in this process's memory while it does not answer. */
  readonly redis: Redis;
  answers(): boolean;
  /**
   * Whether this is the first edge to see it. While Redis does not answer each edge knows its own alone: a proof
   * stolen within its minute could then be used once at each other edge, and a payment's id still makes it one payment.
   *
   * @param keepMs how long it is remembered
   */
  claim(id: string, keepMs: number): Promise<boolean>;
  close(): Promise<void>;
}

/** A request must not wait for a Redis that is slow or gone, ms. */
const patienceMs = 250;

/** @param url `redis://` or `rediss://`, with user and password where it wants them */
export function openSharedState({ url, log }: { url: string; log: Logger }): SharedState {
  const redis = new Redis(url, {
    commandTimeout: patienceMs,
    connectTimeout: 2_000,
    // Refused at once while there is no connection: whoever asks has another way.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(times * 200, 5_000),
  });
  redis.on("ready", () => log.info("limits are shared with other edges"));
  redis.on("error", (err: NodeJS.ErrnoException) =>
    log.warn({ code: err.code }, "Redis does not answer: limits are this edge's own"),
  );
  return {
    redis,
    answers: () => redis.status === "ready",
    async claim(id, keepMs) {
      try {
        return (await redis.set(`proof:${id}`, 1, "PX", keepMs, "NX")) === "OK";
      } catch {
        return true;
      }
    },
    async close() {
      redis.disconnect();
    },
  };
}
