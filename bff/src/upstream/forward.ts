import {
  type InternalClaims,
  internalAuthorization,
  misdirected,
  Problem,
  retryAfterS,
  sharedAudience,
} from "@clarity/server/contract";
import type { Home } from "../http/env.ts";
import { Refusal } from "../http/refusal.ts";
import { inForwardSpan } from "../telemetry/tracing.ts";
import type { MintInternalToken } from "../tokens/internal-token.ts";

/** A server as a function: its own `fetch` in one process, `httpUpstream` across a network. */
export type Upstream = (request: Request) => Promise<Response>;

export interface UpstreamOptions {
  /** The shared servers. */
  shared: Upstream;
  /** A tenant's dedicated instance, by the base URL the registry names. */
  dedicated: (baseUrl: string) => Upstream;
  mint: MintInternalToken;
}

interface Forward {
  method: "GET" | "POST";
  path: string;
  home: Home;
  claims: InternalClaims;
  body?: string | ArrayBuffer;
  headers?: Record<string, string>;
}

/**
 * Sends one request to the right server under a fresh internal token; once more when the tenant has just moved.
 * @throws Refusal with the server's own code, `tenant_moving` when nobody has it, or `unavailable` when the server
 * cannot be reached or answers what the contract does not know.
 */
export type Forwarder = (forward: Forward) => Promise<Response>;

/** Claims of a request that is no session's. */
export function claimsFor(
  scope: InternalClaims["scopes"][number],
  { tenant, requestId }: { tenant: string | null; requestId: string },
): InternalClaims {
  return { tenant, sub: null, inv: null, locale: null, origin: null, scopes: [scope], rid: requestId };
}

export function createForwarder({ shared, dedicated, mint }: UpstreamOptions): Forwarder {
  const instances = new Map<string, Upstream>();
  const find = (baseUrl: string): Upstream => {
    const known = instances.get(baseUrl) ?? dedicated(baseUrl);
    instances.set(baseUrl, known);
    return known;
  };
  const ask = async ({ method, path, claims, body, headers }: Forward, upstream: string | null) => {
    const send = upstream === null ? shared : find(upstream);
    const authorization = internalAuthorization(mint(claims, upstream ?? sharedAudience));
    try {
      return await inForwardSpan(method, (tracing) =>
        send(
          new Request(`http://upstream${path}`, {
            method,
            headers: { ...headers, ...tracing, authorization },
            ...(body === undefined ? {} : { body }),
          }),
        ),
      );
    } catch (cause) {
      throw Object.assign(new Refusal("unavailable"), { cause });
    }
  };
  return async (forward) => {
    const { home } = forward;
    let answer = await ask(forward, home.upstream);
    // Nothing was done there.
    if (answer.status === misdirected.status) answer = await ask(forward, await home.findAgain());
    if (answer.status === misdirected.status) throw new Refusal("tenant_moving");
    if (answer.status < 400) return answer;
    throw await refusalOf(answer);
  };
}

/** Only codes of the contract travel on; whatever else a server says stays here. */
async function refusalOf(answer: Response): Promise<Refusal> {
  const parsed = Problem.safeParse(await answer.json().catch(() => null));
  // With the header it is our own internal token that is refused, and no browser's business.
  if (!parsed.success || answer.headers.has("www-authenticate")) {
    return Object.assign(new Refusal("unavailable"), { cause: `answered ${answer.status}` });
  }
  const { code, detail, errors, quote } = parsed.data;
  const more = {
    ...(detail === undefined ? {} : { detail }),
    ...(errors === undefined ? {} : { errors }),
    ...(quote === undefined ? {} : { quote }),
  };
  const wait = Number(answer.headers.get("retry-after") ?? retryAfterS[code]);
  return new Refusal(code, more, Number.isFinite(wait) ? wait : null);
}
