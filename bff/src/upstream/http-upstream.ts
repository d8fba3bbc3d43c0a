import type { Upstream } from "./forward.ts";

/**
 * A server over HTTP. The browser's own connection plays no part in the time-out: a payer who leaves
 * does not cancel a payment that is under way.
 */
export function httpUpstream(baseUrl: string): Upstream {
  const base = baseUrl.replace(/\/+$/, "");
  return async (request, timeoutMs) => {
    const { pathname, search } = new URL(request.url);
    const init: RequestInit & { duplex: "half" } = {
      method: request.method,
      headers: request.headers,
      // As a stream: of a body it could send again, fetch answers 421 with a second try of its own, and fails at it
      // (undici, https://fetch.spec.whatwg.org/#concept-http-network-or-cache-fetch).
      body: request.body,
      duplex: "half",
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    };
    return fetch(base + pathname + search, init);
  };
}
