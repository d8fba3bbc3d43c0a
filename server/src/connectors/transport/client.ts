import { ErpError } from "../connector.ts";
import { type ErpAnswer, type ErpRequest, exchange } from "./exchange.ts";
import { failureOf } from "./failure.ts";
import { createLimiter, type SharedTurns } from "./limiter.ts";
import { type ErpTiming, erpTiming } from "./timing.ts";

/** A token is renewed this long before the vendor says it ends, ms: a request under way must not outlive it. */
const renewBeforeMs = 60_000;
/** A turn lasts so much longer than its request may take, ms: a token may have to be bought in it. */
const forTokenMs = 5_000;

export interface TokenGrant {
  accessToken: string;
  expiresInS: number;
}

export interface ErpClient {
  /**
   * Sends with a valid bearer token, when there is a turn. A 401 buys one new token and one more try.
   * @param request.writes has the time a writing may take, and leaves a turn for a payer's reading
   * @throws ErpError `unreachable`, `protocol`, `unauthorized`, `throttled`; an unsuccessful status is an answer.
   */
  send(request: Omit<ErpRequest, "timeoutMs" | "secrets"> & { writes?: true }): Promise<ErpAnswer>;
}

/** The token lives in the client, and who waits for a turn stands in line there: keep one per tenant and ERP. */
export function createErpClient(options: {
  fetch: typeof fetch;
  /** Requests at once. */
  concurrency: number;
  /** Over all server processes. Default: this client counts alone. */
  turns?: SharedTurns;
  /** Default: as in production. */
  timing?: ErpTiming;
  /** Buys a token; shared by all who wait for it. @throws ErpError */
  buyToken: () => Promise<TokenGrant>;
}): ErpClient {
  const { timing = erpTiming } = options;
  const limiter = createLimiter(options.concurrency, options.turns);
  let current: { token: Promise<string>; renewAt: number } | null = null;

  const token = (): Promise<string> => {
    if (current && Date.now() < current.renewAt) return current.token;
    const bought = { token: Promise.resolve(""), renewAt: Number.POSITIVE_INFINITY };
    bought.token = options.buyToken().then(
      ({ accessToken, expiresInS }) => {
        bought.renewAt = Date.now() + expiresInS * 1000 - renewBeforeMs;
        return accessToken;
      },
      (error) => {
        if (current === bought) current = null;
        throw error;
      },
    );
    current = bought;
    return bought.token;
  };

  const sendAs = (bearer: string, request: ErpRequest) =>
    exchange(options.fetch, {
      ...request,
      headers: { ...request.headers, authorization: `Bearer ${bearer}` },
      secrets: [bearer],
    });

  return {
    send({ writes = false, ...request }) {
      const timeoutMs = writes ? timing.writeMs : timing.readMs;
      const work = async (signal: AbortSignal) => {
        const bounded = { ...request, signal, timeoutMs };
        const first = token();
        const answer = await sendAs(await unlessAborted(signal, first), bounded);
        if (answer.status !== 401) return answer;
        // Somebody else may have renewed it meanwhile.
        if (current?.token === first) current = null;
        return sendAs(await unlessAborted(signal, token()), bounded);
      };
      return limiter.run(request.signal, work, { writes, forMs: timeoutMs + forTokenMs });
    },
  };
}

/** The purchase is shared and goes on; who cannot wait for it leaves. */
async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const giveUp = () =>
    reject(new ErpError("unreachable", "gave up waiting for a token", { cause: signal.reason }));
  if (signal.aborted) giveUp();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** Asks an OAuth 2.0 token endpoint (RFC 6749 §4.4) with the given form and secret fields. @throws ErpError */
export async function askForToken(
  fetcher: typeof fetch,
  input: { url: URL; form: Record<string, string>; secret: Record<string, string> },
): Promise<TokenGrant> {
  const answer = await exchange(fetcher, {
    method: "POST",
    url: input.url,
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ ...input.form, ...input.secret }).toString(),
    secrets: Object.values(input.secret),
    signal: new AbortController().signal,
  });
  if (answer.status !== 200) {
    const failure = failureOf(answer, `token endpoint: ${oauthError(answer.text)}`);
    throw answer.status === 400 ? new ErpError("unauthorized", failure.message) : failure;
  }
  const grant = parseGrant(answer.text);
  if (!grant) throw new ErpError("protocol", "the token endpoint's answer holds no token");
  return grant;
}

function parseGrant(text: string): TokenGrant | null {
  try {
    const { access_token, expires_in } = JSON.parse(text);
    // NetSuite and Entra send a number, some gateways digits.
    const expiresInS = Number(expires_in ?? 3600);
    if (typeof access_token !== "string" || !(expiresInS > 0)) return null;
    return { accessToken: access_token, expiresInS };
  } catch {
    return null;
  }
}

/** The `error` code alone: descriptions quote what was sent. */
function oauthError(text: string): string {
  try {
    return String(JSON.parse(text).error ?? "no error code").slice(0, 80);
  } catch {
    return "no JSON";
  }
}
