import {
  internalAuthorization,
  misdirected,
  type PathParams,
  Problem,
  retryAfterS,
  routes,
  type ServerRouteId,
  serverPaths,
  sharedAudience,
} from "@clarity/server/contract";
import type { Home } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";
import { inForwardSpan } from "../telemetry/tracing.ts";
import type { MintInternalToken } from "../tokens/internal-token.ts";
import type { Claims } from "./claims.ts";

/**
 * A server as a function: its own `fetch` in one process, `httpUpstream` across a network.
 *
 * @param timeoutMs the row's: how long the answer is waited for
 */
export type Upstream = (request: Request, timeoutMs: number) => Promise<Response>;

export interface UpstreamOptions {
  /** The shared servers. */
  shared: Upstream;
  /** A tenant's dedicated instance, by the base URL the registry names. */
  dedicated: (baseUrl: string) => Upstream;
  mint: MintInternalToken;
}

type Rows = typeof routes.server;
type InternalId = {
  [Id in ServerRouteId]: Rows[Id] extends { guard: "internal" } ? Id : never;
}[ServerRouteId];

/** A row of the server, and what its path names. */
type To = {
  [Id in InternalId]: PathParams<Rows[Id]["path"]> extends [infer Params]
    ? { to: Id; params: Params }
    : { to: Id; params?: never };
}[InternalId];

type Forward = To & {
  home: Home;
  claims: Claims;
  /** With its `?`. Default: none. */
  query?: string;
  body?: string | ArrayBuffer;
  headers?: Record<string, string>;
  /** What is waited for before anything is sent. @returns ends it. @throws Refusal */
  turn?: (() => Promise<() => void>) | undefined;
};

/**
 * Sends one request to the right server under a fresh internal token; once more when the tenant has just moved.
 * @throws Refusal with the server's own code, `tenant_moving` when nobody has it, or `unavailable` when the server
 * cannot be reached or answers what the contract does not know.
 */
export type Forwarder = (forward: Forward) => Promise<Response>;

export function createForwarder({ shared, dedicated, mint }: UpstreamOptions): Forwarder {
  const instances = new Map<string, Upstream>();
  const find = (baseUrl: string): Upstream => {
    const known = instances.get(baseUrl) ?? dedicated(baseUrl);
    instances.set(baseUrl, known);
    return known;
  };
  const ask = async ({ to, params, query = "", claims, body, headers }: Forward, upstream: string | null) => {
    const send = upstream === null ? shared : find(upstream);
    const { method, scope, timeoutMs } = routes.server[to];
    const path = (serverPaths[to] as (names?: object) => string)(params);
    const url = `http://upstream${path}${query}`;
    const meant = { audience: upstream ?? sharedAudience, request: { method, url, body } };
    const authorization = internalAuthorization(mint({ ...claims, scopes: [scope] }, meant));
    try {
      return await inForwardSpan(method, (tracing) => {
        const init = { method, headers: { ...headers, ...tracing, authorization } };
        const request = new Request(url, body === undefined ? init : { ...init, body });
        return send(request, timeoutMs);
      });
    } catch (cause) {
      throw Object.assign(new Refusal("unavailable"), { cause });
    }
  };
  const send = async (forward: Forward) => {
    const { home } = forward;
    let answer = await ask(forward, home.upstream);
    // Nothing was done there.
    if (answer.status === misdirected.status) answer = await ask(forward, await home.findAgain());
    if (answer.status === misdirected.status) throw new Refusal("tenant_moving");
    if (answer.status < 400) return answer;
    throw await refusalOf(answer);
  };
  return async (forward) => {
    const leave = await forward.turn?.();
    return send(forward).finally(leave);
  };
}

/** Only codes of the contract travel on; whatever else a server says stays here. */
async function refusalOf(answer: Response): Promise<Refusal> {
  const parsed = Problem.safeParse(await answer.json().catch(() => null));
  // With the header it is our own internal token that is refused, and no browser's business.
  if (!parsed.success || answer.headers.has("www-authenticate")) {
    return Object.assign(new Refusal("unavailable"), { cause: `answered ${answer.status}` });
  }
  const { code, detail, errors, quote, seller } = parsed.data;
  const more = {
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
    ...(quote === undefined ? {} : { quote }),
    ...(seller === undefined ? {} : { seller }),
  };
  const wait = Number(answer.headers.get("retry-after") ?? retryAfterS[code]);
  return new Refusal(code, more, Number.isFinite(wait) ? wait : null);
}
