import { isIPv6 } from "node:net";
import type { HostEntry } from "@clarity/server/contract";
import type { Redis } from "ioredis";
import { Refusal } from "../http/refusal.ts";
import { gcraInMemory, gcraInRedis, type Rate } from "./gcra.ts";

/** Requests a minute; as many at once from rest, and then one by one. */
export interface Limits {
  /**
   * All of a tenant's, so that one tenant's flood is its own trouble; as many again for its theme and webhooks.
   * Default what the server says of it, of which a second's come at once, or `fewestAtOnce`.
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
const fewestAtOnce = 20;

function rateOf(who: Counted, limits: Partial<Limits>): Rate {
  const own = limits[who.kind];
  if (own === undefined && who.kind === "tenant") {
    const everyMs = 60_000 / who.requestsPerMinute;
    return { everyMs, atOnce: Math.max(fewestAtOnce, Math.floor(1_000 / everyMs)) };
  }
  const perMinute = own ?? defaultLimits[who.kind as keyof typeof defaultLimits];
  return { everyMs: 60_000 / perMinute, atOnce: perMinute };
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
  const { limits = {} } = input;
  const shared = input.redis && gcraInRedis(input.redis);
  // Apart, so that made-up addresses push out no tenant.
  const own = { session: gcraInMemory(), address: gcraInMemory(), tenant: gcraInMemory() };
  const ask = async (who: Counted, { counts }: { counts: boolean }): Promise<void> => {
    const rate = rateOf(who, limits);
    // With the rate: whose limit is raised has the new one at once.
    const key = `limit:${who.kind}:${rate.atOnce}:${rate.everyMs}:${keyOf(who)}`;
    const asked = { key, rate, counts };
    const alone = () => own[who.kind].ask(asked);
    const waitMs = shared ? await shared.ask(asked).catch(alone) : await alone();
    if (waitMs > 0) throw new Refusal("rate_limited", {}, Math.ceil(waitMs / 1_000));
  };
  return {
    count: (who) => ask(who, { counts: true }),
    refuseSpent: (who) => ask(who, { counts: false }),
  };
}
