import type { HostEntry } from "@clarity/server/contract";
import type { Redis } from "ioredis";
import { Refusal } from "../http/refusal.ts";
import { type Asking, gcraInMemory, gcraInRedis, type Rate } from "./gcra.ts";

/** Requests a minute; as many at once from rest, and then one by one. */
export interface Limits {
  /**
   * All of a tenant's, so that one tenant's flood is its own trouble; as many again for each share beside its payers'.
   * Default what the server says of it, of which a second's come at once, or `fewestAtOnce`.
   */
  tenant: number;
  /** One session's. Default 240. */
  session: number;
  /**
   * What one address asks of a server, or has signatures checked for, without a session; each rate class has its own
   * count. Default 600: a whole office may share it.
   */
  address: number;
  /** Tries of one address to sign in to portals: mails asked for, links and codes. Default 20. */
  login: number;
  /** What one address is answered by the edge alone: pages, scripts, probes, and that something is nowhere. Default 6,000. */
  page: number;
}

const defaultLimits = { session: 240, address: 600, login: 20, page: 6_000 } as const;

/** Who is counted, and of which of its counts. */
export type Counted =
  | { kind: "session"; key: string }
  /** @param key whom an address stands for: `networkOf` */
  | { kind: "login"; key: string }
  /** @param key whom an address stands for: `networkOf` */
  | { kind: "address" | "page"; share: string; key: string }
  | { kind: "tenant"; share: string; key: string; requestsPerMinute: number };

export interface RateLimit {
  /** Counts one request. @throws Refusal `rate_limited` with the seconds to wait. */
  count(who: Counted): Promise<void>;
  /** Refuses where no more requests would be counted, and counts none. @throws as `count` */
  refuseSpent(who: Counted): Promise<void>;
  /** Counts what has been done already, and never refuses. */
  charge(who: Counted): Promise<void>;
}

/** What may come to a tenant. @param share `pay` is its payers' own; another uses up nothing that payers need */
export const tenantOf = ({ tenant, requestsPerMinute }: HostEntry, share = "pay"): Counted => ({
  ...{ kind: "tenant", share },
  key: tenant.id,
  requestsPerMinute,
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

const shareOf = (who: Counted): string => ("share" in who ? who.share : "");

/** Nobody's money is behind an address: whoever goes on has to connect again. */
const isAnonymous = ({ kind }: Counted): boolean => kind === "address" || kind === "page";

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
  const own = {
    session: gcraInMemory(),
    address: gcraInMemory(),
    login: gcraInMemory(),
    page: gcraInMemory(),
    tenant: gcraInMemory(),
  };
  const ask = async (who: Counted, asking: Asking): Promise<void> => {
    const rate = rateOf(who, limits);
    // With the rate: whose limit is raised has the new one at once.
    const key = `limit:${who.kind}:${shareOf(who)}:${rate.atOnce}:${rate.everyMs}:${who.key}`;
    const asked = { key, rate, asking };
    const alone = () => own[who.kind].ask(asked);
    // What the edge answers alone is its own affair: a probe waits for no Redis.
    const waitMs = shared && who.kind !== "page" ? await shared.ask(asked).catch(alone) : await alone();
    if (waitMs <= 0) return;
    const refusal = new Refusal("rate_limited", {}, Math.ceil(waitMs / 1_000));
    throw Object.assign(refusal, { endsConnection: isAnonymous(who) });
  };
  return {
    count: (who) => ask(who, "counts"),
    refuseSpent: (who) => ask(who, "asks"),
    charge: (who) => ask(who, "charges"),
  };
}
