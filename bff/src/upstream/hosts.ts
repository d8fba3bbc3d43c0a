import { HostEntry } from "@clarity/server/contract";
import { LRUCache } from "lru-cache";
import { Refusal } from "../http/refusal.ts";
import { claimsFor } from "./claims.ts";
import type { Forwarder } from "./forward.ts";

/** How long an answer is taken as it is, milliseconds. */
const freshMs = { known: 30_000, moving: 500, unknown: 5_000 };
/** While the registry is away a known host is served from its last answer this long, milliseconds. */
const staleMs = 15 * 60_000;
/** While it is away it is asked again no sooner than this, milliseconds. */
const retryMs = 2_000;

/** How many answers are remembered. Anybody can make up names: those push out each other, and no tenant. */
const rememberedHosts = { known: 10_000, unknown: 1_000 };

interface Entry {
  host: HostEntry | null;
  askedAt: number;
  /** No sooner is it asked again. */
  askAgainAt: number;
}

interface Asked {
  /** Lower case, without port. */
  hostname: string;
  requestId: string;
}

interface HostInput extends Asked {
  /** Called ahead of asking about a host not known yet; may throw. */
  beforeAsk: () => Promise<void>;
}

/** Finds the tenant that answers at a host name. */
export interface Hosts {
  /**
   * @throws Refusal `tenant_unknown`, `tenant_suspended`, `tenant_moving`, `tenant_deleting`; `unavailable` when the registry cannot be
   * asked about a host it has not spoken of in the last minutes.
   */
  resolve(input: HostInput): Promise<HostEntry>;
  /** As `resolve`, without what was remembered. */
  resolveAgain(input: Asked): Promise<HostEntry>;
}

export function createHosts(options: { forward: Forwarder; now: () => number }): Hosts {
  const { forward, now } = options;
  const known = new LRUCache<string, Entry>({ max: rememberedHosts.known });
  const unknown = new LRUCache<string, Entry>({ max: rememberedHosts.unknown });
  const recall = (hostname: string) => known.get(hostname) ?? unknown.get(hostname);
  const asking = new Map<string, Promise<Entry>>();

  async function askAt(upstream: string | null, { hostname, requestId }: Asked): Promise<Partial<HostEntry>> {
    const claims = claimsFor({ tenant: null, requestId });
    const home = { upstream, findAgain: async () => upstream };
    const answer = await forward({ to: "readHost", params: { host: hostname }, home, claims });
    return HostEntry.partial().parse(await answer.json()) as Partial<HostEntry>;
  }

  /**
   * Only the server a tenant lives at opens its database, and knows who may embed the form. Whose the host is, and
   * whether it is served, the registry alone says: the edge's tokens are for that tenant, at whatever server.
   */
  async function askHome(asked: Asked): Promise<HostEntry> {
    const host = HostEntry.parse(await askAt(null, asked));
    const { upstream, status } = host;
    if (upstream === null || status !== "active") return host;
    // An older instance may not say everything.
    const its = await askAt(upstream, asked);
    if (its.tenant && its.tenant.id !== host.tenant.id) throw new Refusal("unavailable");
    return HostEntry.parse({ ...host, ...its, tenant: host.tenant, status, upstream });
  }

  async function ask(asked: Asked): Promise<Entry> {
    const { hostname } = asked;
    try {
      const host = await askHome(asked);
      const fresh = host.status === "moving" ? freshMs.moving : freshMs.known;
      return { host, askedAt: now(), askAgainAt: now() + fresh };
    } catch (error) {
      if (error instanceof Refusal && error.code === "tenant_unknown") {
        return { host: null, askedAt: now(), askAgainAt: now() + freshMs.unknown };
      }
      const last = recall(hostname);
      if (!last || now() - last.askedAt > staleMs) {
        throw error instanceof Refusal ? error : Object.assign(new Refusal("unavailable"), { cause: error });
      }
      return { ...last, askAgainAt: now() + retryMs };
    }
  }

  async function refresh(asked: Asked): Promise<Entry> {
    const { hostname } = asked;
    const running = asking.get(hostname);
    if (running) return running;
    const answer = ask(asked).finally(() => asking.delete(hostname));
    asking.set(hostname, answer);
    const entry = await answer;
    const [its, other] = entry.host ? [known, unknown] : [unknown, known];
    its.set(hostname, entry);
    other.delete(hostname);
    return entry;
  }

  return {
    async resolve({ hostname, requestId, beforeAsk }) {
      if (!isHostname(hostname)) throw new Refusal("tenant_unknown", { detail: causes.unknown });
      const last = recall(hostname);
      if (!last) await beforeAsk();
      const { host } = last && last.askAgainAt > now() ? last : await refresh({ hostname, requestId });
      return served(host);
    },
    resolveAgain: async (asked) => served((await refresh(asked)).host),
  };
}

/** What to change, for whoever put the form there; the payer is told what they can do. */
const causes = {
  unknown: "no seller answers at this host name: load the form from a host that was added for the seller",
  suspended: "the seller is suspended: whoever runs this edge has to resume it",
  moving: "the seller's data is being moved: this passes by itself",
  deleting: "the seller is being deleted: take the form out of the page",
};

function served(host: HostEntry | null): HostEntry {
  if (!host) throw new Refusal("tenant_unknown", { detail: causes.unknown });
  const { status, tenant } = host;
  if (status !== "active")
    throw new Refusal(`tenant_${status}`, { detail: causes[status], seller: tenant.name });
  return host;
}

/** RFC 1123, so that nothing odd reaches the registry. */
const isHostname = (name: string) => name.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name);
