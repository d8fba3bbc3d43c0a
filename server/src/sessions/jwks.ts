import { errors, type JWK } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { createNetwork, type Network, readBounded } from "../network/network.ts";

const timeoutMs = 3_000;
const maximumBytes = 64 * 1024;
/** How long a fetched set is good; for a key it does not have, and after a failure, it is fetched at most every `retryMs`. */
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

/** Key sets kept, and addresses remembered as silent: who chooses them may choose many. */
const maxKept = 1_000;

/**
 * Key sets of tenants' token issuers. A tenant chooses the address, so it is not trusted; whoever can reach the form
 * chooses when it is asked, so it is asked rarely: by one request at a time, and after a failure not before `retryMs`.
 *
 * @param network the way out. Default: to public addresses by https
 */
export function createJwks({
  network = createNetwork(),
  now = Date.now,
}: {
  network?: Network;
  now?: () => number;
} = {}): Jwks {
  const sets = new LRUCache<string, { set: KeySet; fetchedAt: number }>({ max: maxKept });
  const failures = new LRUCache<string, { error: JwksUnavailable; at: number }>({ max: maxKept });
  const underWay = new Map<string, Promise<{ set: KeySet; fetchedAt: number }>>();

  const fetchOnce = async (url: string) => {
    const failed = failures.get(url);
    if (failed && now() - failed.at <= retryMs) throw failed.error;
    try {
      const fetched = { set: await download(url, network), fetchedAt: now() };
      sets.set(url, fetched);
      failures.delete(url);
      return fetched;
    } catch (error) {
      if (error instanceof JwksUnavailable) failures.set(url, { error, at: now() });
      throw error;
    }
  };
  const fetchSet = (url: string) => {
    const waiting = underWay.get(url) ?? fetchOnce(url).finally(() => underWay.delete(url));
    underWay.set(url, waiting);
    return waiting;
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

/** No redirects, bounded in time and size, through the guard. */
async function download(url: string, network: Network): Promise<KeySet> {
  try {
    const response = await network.fetch(url, { redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`answered ${response.status}`);
    }
    return KeySet.parse(JSON.parse(await readBounded(response, maximumBytes)));
  } catch (error) {
    throw new JwksUnavailable("the key set cannot be fetched", { cause: error });
  }
}
