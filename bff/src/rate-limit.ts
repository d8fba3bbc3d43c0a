import { isIPv6 } from "node:net";
import type { HostEntry } from "@clarity/server/contract";
import type { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import { Refusal } from "./refusal.ts";

/** Requests a minute. */
export interface Limits {
  /**
   * All of a tenant's, so that one tenant's flood is its own trouble; as many again for its theme and webhooks.
   * Default what the server says of it, counted by the second, or by as many as let `smallestDose` through: a flood
   * comes in doses its neighbours do not feel.
   */
  tenant: number;
  /** One session's. Default 240. */
  session: number;
  /**
   * One address's that shows no valid session, opening one included; of IPv6 one /64's, as many addresses as a
   * customer of a network gets to itself (RFC 6177). Default 600: a whole office may share it.
   */
  address: number;
}

const defaultLimits = { session: 240, address: 600 } as const;

/** Who is counted: a session's or an address's key, or a tenant with what it may. */
export type Counted =
  | { kind: "session" | "address"; key: string }
  | { kind: "tenant"; key: string; requestsPerMinute: number };

export interface RateLimit {
  /** Counts one request. @throws Refusal `rate_limited` with the seconds to wait. */
  count(who: Counted): Promise<void>;
  /** Refuses where no more requests would be counted, and counts none. @throws as `count` */
  refuseSpent(who: Counted): Promise<void>;
}

export const tenantOf = ({ tenant, requestsPerMinute }: HostEntry): Counted => ({
  kind: "tenant",
  key: tenant.id,
  requestsPerMinute,
});

/** What anybody may ask, no key or session shown, has a count of its own: it uses up nothing that payers need. */
export const openRequestsOf = (host: HostEntry): Counted => ({
  ...tenantOf(host),
  key: `${host.tenant.id}/open`,
});

/** Some payers who open their forms at the same moment are no flood, however low the limit. */
const smallestDose = 20;

/** What is counted against whom, over how long. */
function measureOf(who: Counted, limits: Partial<Limits>): { points: number; duration: number } {
  const own = limits[who.kind];
  if (own === undefined && who.kind === "tenant") {
    const perSecond = who.requestsPerMinute / 60;
    const duration = Math.ceil(smallestDose / perSecond);
    return { points: Math.floor(perSecond * duration), duration };
  }
  return { points: own ?? defaultLimits[who.kind as keyof typeof defaultLimits], duration: 60 };
}

const keyOf = (who: Counted): string => (who.kind === "address" ? networkOf(who.key) : who.key);

/** IPv4, as IPv6 maps it too: the address. IPv6: its first 64 bits. */
function networkOf(address: string): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!isIPv6(bare)) return bare;
  const [head = [], tail = []] = bare.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => "0");
  const groups = [...head, ...zeros, ...tail].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}

/**
 * @param limits in place of the defaults, and of what the server says of tenants
 * @param redis counts over all edges that share it. Default: this process's memory, as while it does not answer
 */
export function createRateLimit(input: {
  limits?: Partial<Limits> | undefined;
  redis?: Redis | undefined;
}): RateLimit {
  const { limits = {}, redis } = input;
  const limiters = new Map<string, RateLimiterMemory | RateLimiterRedis>();
  const limiterOf = (who: Counted) => {
    const { points, duration } = measureOf(who, limits);
    const keyPrefix = `limit:${who.kind}:${points}:${duration}`;
    const known = limiters.get(keyPrefix);
    if (known) return known;
    const memory = new RateLimiterMemory({ keyPrefix, points, duration });
    const made = redis
      ? new RateLimiterRedis({
          storeClient: redis,
          keyPrefix,
          points,
          duration,
          insuranceLimiter: memory,
          rejectIfRedisNotReady: true,
        })
      : memory;
    limiters.set(keyPrefix, made);
    return made;
  };
  return {
    async count(who) {
      try {
        await limiterOf(who).consume(keyOf(who));
      } catch (spent) {
        throw spent instanceof RateLimiterRes ? refused(spent) : spent;
      }
    },
    async refuseSpent(who) {
      const used = await limiterOf(who).get(keyOf(who));
      if (used && used.remainingPoints <= 0) throw refused(used);
    },
  };
}

const refused = ({ msBeforeNext }: RateLimiterRes) =>
  new Refusal("rate_limited", {}, Math.max(1, Math.ceil(msBeforeNext / 1000)));
