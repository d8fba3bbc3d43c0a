import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { Refusal } from "./refusal.ts";

/** Requests a minute. */
export interface Limits {
  /** All of a tenant's, so that one tenant's flood is its own trouble. Default 12 000. */
  tenant: number;
  /** One session's. Default 240. */
  session: number;
  /** One address's that shows no valid session, opening one included. Default 600: a whole office may share it. */
  address: number;
}

export const defaultLimits: Limits = { tenant: 12_000, session: 240, address: 600 };

export interface RateLimit {
  /** Counts one request. @throws Refusal `rate_limited` with the seconds to wait. */
  count(kind: keyof Limits, key: string): Promise<void>;
  /** Refuses where no more requests would be counted, and counts none. @throws as `count` */
  refuseSpent(kind: keyof Limits, key: string): Promise<void>;
}

export function createRateLimit(limits: Partial<Limits> = {}): RateLimit {
  const limiter = (kind: keyof Limits) =>
    new RateLimiterMemory({ points: limits[kind] ?? defaultLimits[kind], duration: 60 });
  const limiters = { tenant: limiter("tenant"), session: limiter("session"), address: limiter("address") };
  return {
    async count(kind, key) {
      try {
        await limiters[kind].consume(key);
      } catch (spent) {
        throw spent instanceof RateLimiterRes ? refused(spent) : spent;
      }
    },
    async refuseSpent(kind, key) {
      const used = await limiters[kind].get(key);
      if (used && used.remainingPoints <= 0) throw refused(used);
    },
  };
}

const refused = ({ msBeforeNext }: RateLimiterRes) =>
  new Refusal("rate_limited", {}, Math.max(1, Math.ceil(msBeforeNext / 1000)));
