import { type LookupAddress, type LookupOptions, lookup as lookupAddresses } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { LRUCache } from "lru-cache";
import { Agent, fetch as undiciFetch } from "undici";
import { isPublic } from "./address.ts";
import { type AllowList, parseAllowList } from "./allow-list.ts";

/** A tenant named a place that it may not reach through us. Nothing was sent. */
class PlaceRefused extends Error {
  override readonly name = "PlaceRefused";
}

/**
 * The way out to addresses that tenants choose: ERPs, providers, mail servers, key sets. What a tenant names is not
 * trusted: it may be a neighbour of ours or a cloud's metadata service. The address that is judged is the one that is
 * connected to, so a name that answers differently the second time gains nothing.
 */
export interface Network {
  /**
   * As the platform's `fetch`: https to public addresses, http too where an operator allowed the place. A redirect is
   * followed through the same guard only when asked for; default `redirect: "error"`.
   * @throws PlaceRefused as `cause`, beside what `fetch` throws
   */
  readonly fetch: typeof fetch;
  /**
   * For other protocols: the address to connect to, instead of the name.
   * @throws PlaceRefused
   */
  resolve(place: { host: string; port: number }): Promise<string>;
}

const nothing = parseAllowList("");

/**
 * @param allow what an operator lets tenants reach beside the public internet, as `parseAllowList` reads it.
 * Default: nothing
 */
export function createNetwork({ allow = nothing }: { allow?: AllowList } = {}): Network {
  // One agent a port and scheme: the allow-list speaks of both, a look-up knows neither.
  const agents = new LRUCache<string, Agent>({ max: maxAgents, dispose: (agent) => void agent.close() });
  const agentFor = (way: Way) => {
    const key = `${way.plain}:${way.port}`;
    const agent = agents.get(key) ?? new Agent({ connect: { lookup: guardedLookup(allow, way) } });
    agents.set(key, agent);
    return agent;
  };

  const guarded: typeof fetch = async (input, init) => {
    const request = input instanceof Request ? input : undefined;
    const url = new URL(request?.url ?? String(input));
    const way = requirePlace(url, allow);
    const answer = await undiciFetch(url, {
      redirect: "error",
      ...(request && {
        method: request.method,
        headers: request.headers,
        body: request.body,
        duplex: "half",
      }),
      ...init,
      dispatcher: agentFor(way),
    } as Parameters<typeof undiciFetch>[1]);
    return answer as unknown as Response;
  };

  return {
    fetch: guarded,
    async resolve({ host, port }) {
      const way = { port, plain: false };
      if (isIP(host)) {
        requireAddress(host, { way, allow });
        return host;
      }
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      guardedLookup(allow, way)(host, { all: false }, (error, address) => {
        if (error) reject(error);
        else resolve(String(address));
      });
      return promise;
    },
  };
}

/** Agents of more ports than anybody needs; a tenant chooses them. */
const maxAgents = 100;

interface Way {
  port: number;
  /** http: only to what an operator has allowed. */
  plain: boolean;
}

/** Literal addresses are never looked up, so they are judged here. */
function requirePlace(url: URL, allow: AllowList): Way {
  const plain = url.protocol === "http:";
  if (!plain && url.protocol !== "https:") throw new PlaceRefused(`${url.protocol} is not https`);
  // A URL with a name and a password in it is a mistake at best.
  if (url.username || url.password) throw new PlaceRefused("an address holds no password");
  const way = { plain, port: Number(url.port || (plain ? 80 : 443)) };
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host)) requireAddress(host, { way, allow });
  return way;
}

const refusal = (what: string, { plain }: Way) =>
  new PlaceRefused(
    `${what}; an operator may allow it${plain ? ", or ask by https" : ""} (CLARITY_ALLOWED_NETWORKS)`,
  );

function requireAddress(address: string, { way, allow }: { way: Way; allow: AllowList }): void {
  if (allow.allowsAddress(address, way.port) || (!way.plain && isPublic(address))) return;
  throw refusal(`${address} is not a public address asked by https`, way);
}

function guardedLookup(allow: AllowList, way: Way): LookupFunction {
  const { port, plain } = way;
  return (hostname, options, done) => {
    const host = hostname.toLowerCase().replace(/\.$/, "");
    lookUp(host, options, (error, found) => {
      if (error) return done(error, []);
      const byName = allow.allowsName(host, port);
      const allowed = found.filter(
        ({ address }) => byName || allow.allowsAddress(address, port) || (!plain && isPublic(address)),
      );
      const [first] = allowed;
      if (!first) return done(refusal(`${host} has no public address asked by https`, way), []);
      if (options.all) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
}

/** Names below localhost are this machine (RFC 6761 §6.3), whether or not a resolver knows it. Judged like any other. */
function lookUp(
  host: string,
  options: LookupOptions,
  done: (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => void,
): void {
  if (host.endsWith(".localhost")) done(null, [{ address: "127.0.0.1", family: 4 }]);
  else lookupAddresses(host, { ...options, all: true }, done);
}

/**
 * The answer's text, as long as it is no longer than that once it is unpacked; leaving it ends the transfer.
 * @throws Error
 */
export async function readBounded(response: Response, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > mostBytes) throw new Error(`an answer above ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
