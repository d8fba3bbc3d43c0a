import { lookup } from "node:dns";
import { get as getPlain } from "node:http";
import { get } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { errors, type JWK } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";

const timeoutMs = 3_000;
const maximumBytes = 64 * 1024;
/** How long a fetched set is good; a token with a key not in it may fetch again no sooner than `retryMs`. */
const freshMs = 10 * 60_000;
const retryMs = 30_000;

const KeySet = z.object({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional() })).max(50),
});
type KeySet = z.infer<typeof KeySet>;

/** The set cannot be had now; nothing is said about the token. */
export class JwksUnavailable extends Error {
  override readonly name = "JwksUnavailable";
}

export interface Jwks {
  /** @throws JwksUnavailable; jose's `JWKSNoMatchingKey` when the set has no such key. */
  find(input: { url: string; kid: string | undefined; algorithm: string }): Promise<JWK>;
}

export interface JwksOptions {
  /** Development only: `http:` and addresses on this machine. Default false. */
  allowLoopback?: boolean;
  now?: () => number;
}

/** Key sets of tenants' token issuers, each address asked rarely. A tenant chooses the address, so it is not trusted. */
export function createJwks({ allowLoopback = false, now = Date.now }: JwksOptions = {}): Jwks {
  const sets = new LRUCache<string, { set: KeySet; fetchedAt: number }>({ max: 1_000 });
  const fetchSet = async (url: string) => {
    const fetched = { set: await download(new URL(url), allowLoopback), fetchedAt: now() };
    sets.set(url, fetched);
    return fetched;
  };
  return {
    async find({ url, kid, algorithm }) {
      let entry = sets.get(url);
      if (!entry || now() - entry.fetchedAt > freshMs) entry = await fetchSet(url);
      const found = pick(entry.set, kid);
      if (!found && now() - entry.fetchedAt > retryMs) entry = await fetchSet(url);
      const jwk = found ?? pick(entry.set, kid);
      if (!jwk || (jwk.alg !== undefined && jwk.alg !== algorithm)) throw new errors.JWKSNoMatchingKey();
      return jwk as JWK;
    },
  };
}

/** By `kid`; without one only when there is nothing to choose. */
const pick = ({ keys }: KeySet, kid: string | undefined) =>
  kid === undefined ? (keys.length === 1 ? keys[0] : undefined) : keys.find((key) => key.kid === kid);

/** No redirects, bounded in time and size, public addresses only, judged by the address really connected to. */
function download(url: URL, allowLoopback: boolean): Promise<KeySet> {
  const plain = url.protocol === "http:" && allowLoopback;
  if (url.protocol !== "https:" && !plain) return Promise.reject(new JwksUnavailable("not https"));
  const literal = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(literal) && !isAllowed(literal, allowLoopback)) {
    return Promise.reject(new JwksUnavailable("not a public address"));
  }
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => reject(new JwksUnavailable("the key set cannot be fetched", { cause }));
    const options = {
      lookup: guardedLookup(allowLoopback),
      agent: false as const,
      signal: AbortSignal.timeout(timeoutMs),
    };
    const request = (plain ? getPlain : get)(url, options, (response) => {
      if (response.statusCode !== 200) {
        response.destroy();
        return fail(new Error(`answered ${response.statusCode}`));
      }
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > maximumBytes) response.destroy(new Error("too large"));
        else chunks.push(chunk);
      });
      response.on("error", fail);
      response.on("end", () => {
        try {
          resolve(KeySet.parse(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
        } catch (error) {
          fail(error);
        }
      });
    });
    request.on("error", fail);
  });
}

/** The address checked is the address connected to: a name that answers differently the second time gains nothing. */
function guardedLookup(allowLoopback: boolean): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, []);
      const allowed = addresses.filter(({ address }) => isAllowed(address, allowLoopback));
      const [first] = allowed;
      if (!first) return done(new Error("no public address"), []);
      if (options.all) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };
}

/** Addresses that are not the public internet (IANA special-purpose registries). */
const special = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  special.addSubnet(network, prefix, "ipv4");
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Global unicast is all that is public in IPv6; of it, the ranges that wrap or document are not. */
const publicV6 = new BlockList();
publicV6.addSubnet("2000::", 3, "ipv6");
for (const [network, prefix] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
] as const) {
  special.addSubnet(network, prefix, "ipv6");
}

export function isAllowed(address: string, allowLoopback: boolean): boolean {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (loopback.check(address, family)) return allowLoopback;
  if (special.check(address, family)) return false;
  return family === "ipv4" || publicV6.check(address, "ipv6");
}
