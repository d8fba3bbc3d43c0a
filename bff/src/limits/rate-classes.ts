import type { HostEntry, RateClass } from "@clarity/server/contract";
import { networkOf } from "@clarity/server/contract/connections";
import { LRUCache } from "lru-cache";
import { type Counted, type RateLimit, tenantOf } from "./rate-limit.ts";
import { createTurns } from "./turns.ts";

/**
 * A row's rate class at work. Whoever is nobody yet is charged to its address, and charged to a tenant only once it has
 * been judged, by the edge or by the server: strangers spend nothing that payers or providers need.
 */
export interface Counting<Caller> {
  /** Before what costs the edge: a signature check, a place in the memory of used proofs. @throws Refusal `rate_limited` */
  ahead(caller: Caller): Promise<void>;
  /** Before the server is asked. @returns what ends the asking. @throws Refusal `rate_limited` */
  turn(caller: Caller): Promise<() => void>;
  /** Judged to be good. @throws Refusal `rate_limited` where it is judged ahead of the server */
  judged(caller: Caller): Promise<void>;
}

/** `session`: thumbprint of the session's key, and not its token, for one token's signature has several spellings. */
export type PayerCounting = Counting<{ host: HostEntry; session: string }>;
/** `host`: only where the row has one. */
export type StrangerCounting = Counting<{ host: HostEntry; address: string }>;

export interface RateClasses extends Record<Exclude<RateClass, "uncounted">, unknown> {
  payer: PayerCounting;
  newcomer: StrangerCounting;
  webhook: StrangerCounting;
  reader: StrangerCounting;
  login: StrangerCounting;
  user: PayerCounting;
  anybody: StrangerCounting;
  probe: StrangerCounting;
}

/**
 * Strangers' requests of one class that one tenant's servers are asked at once by one edge: a quarter of what the least
 * tier may have under way, so that none of them keeps a payer out.
 */
const strangersAtOnce = 12;
/** Who has sent a tenant genuine webhooks: so many are remembered, so long. */
const knownSenders = { max: 10_000, ttl: 24 * 3_600_000 };

const nothing = async () => {};
const noTurn = async () => () => {};

export function createRateClasses(limit: RateLimit): RateClasses {
  const turns = createTurns({ atOnce: strangersAtOnce });
  const turnOf = (share: string) => (caller: { host: HostEntry; address: string }) =>
    turns.take({ lane: `${caller.host.tenant.id}/${share}`, asker: networkOf(caller.address) });
  const answeredByEdge = (share: string): StrangerCounting => ({
    ahead: ({ address }) => limit.count(pageOf(address, share)),
    turn: noTurn,
    judged: nothing,
  });
  return {
    payer: payerCounting(limit),
    newcomer: {
      async ahead({ host, address }) {
        await limit.count(addressOf("newcomer", address));
        await limit.refuseSpent(tenantOf(host));
      },
      turn: turnOf("newcomer"),
      judged: ({ host }) => limit.charge(tenantOf(host)),
    },
    webhook: webhookCounting(limit, turnOf("webhook")),
    reader: {
      ...answeredByEdge("anybody"),
      async turn(caller) {
        await limit.count(addressOf("reader", caller.address));
        await limit.count(tenantOf(caller.host, "reader"));
        return turnOf("reader")(caller);
      },
    },
    login: {
      async ahead({ host, address }) {
        await limit.count({ kind: "login", key: networkOf(address) });
        await limit.refuseSpent(tenantOf(host, "login"));
      },
      turn: turnOf("login"),
      judged: ({ host }) => limit.charge(tenantOf(host, "login")),
    },
    user: userCounting(limit),
    anybody: answeredByEdge("anybody"),
    probe: answeredByEdge("probe"),
  };
}

/**
 * Tokens and proofs that are no good, and hosts that are nobody's, are charged to an address too.
 *
 * @param at whose they are tried on: each has a count of its own
 */
export const addressOf = (share: string, address: string, at = ""): Counted => ({
  kind: "address",
  share,
  key: `${networkOf(address)}${at && "/"}${at}`,
});

/** What the edge answers alone, that something is nowhere included. */
export const pageOf = (address: string, share = "anybody"): Counted => ({
  kind: "page",
  share,
  key: networkOf(address),
});

const payerCounting = (limit: RateLimit): PayerCounting => ({
  async ahead({ host, session }) {
    await limit.refuseSpent({ kind: "session", key: session });
    await limit.refuseSpent(tenantOf(host));
  },
  turn: noTurn,
  async judged({ host, session }) {
    await limit.count({ kind: "session", key: session });
    await limit.count(tenantOf(host));
  },
});

/** The edge cannot judge a cookie: what it is asked is charged once the server has. */
const userCounting = (limit: RateLimit): PayerCounting => ({
  async ahead({ host, session }) {
    await limit.count({ kind: "session", key: session });
    await limit.refuseSpent(tenantOf(host, "portal"));
  },
  turn: noTurn,
  judged: ({ host }) => limit.charge(tenantOf(host, "portal")),
});

/**
 * A provider's addresses are few and busy, and a stranger's webhooks look like its own until the server has checked the
 * signature. So an address is a stranger's at a tenant until one of its webhooks was genuine there; from then on what it
 * sends there is bounded by what the tenant may have. What it sends other tenants vouches for nothing here.
 */
function webhookCounting(limit: RateLimit, turnOf: StrangerCounting["turn"]): StrangerCounting {
  const known = new LRUCache<string, true>(knownSenders);
  const pairOf = ({ host, address }: { host: HostEntry; address: string }) =>
    `${host.tenant.id}/${networkOf(address)}`;
  return {
    async ahead(caller) {
      const { host, address } = caller;
      await limit.refuseSpent(tenantOf(host, "webhook"));
      const pair = pairOf(caller);
      if (known.has(pair)) return limit.count({ ...tenantOf(host, "sender"), key: pair });
      await limit.count(addressOf("webhook", address, host.tenant.id));
      await limit.count(pageOf(address, "webhook"));
    },
    turn: async (caller) => (known.has(pairOf(caller)) ? () => {} : turnOf(caller)),
    async judged(caller) {
      known.set(pairOf(caller), true);
      await limit.charge(tenantOf(caller.host, "webhook"));
    },
  };
}
