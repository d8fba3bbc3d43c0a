import { errorCodes, problemOf, retryAfterS } from "@clarity/server/contract";
import type { EdgeContext } from "./env.ts";
import type { Refusal } from "./refusal.ts";

/** Adds to the headers of the answer in the making. */
export function addHeaders(c: EdgeContext, headers: Record<string, string>): void {
  Object.assign(c.get("headers"), headers);
}

/**
 * The answer, with every header added so far. A plain `Response` over plain headers: Hono's own helpers
 * go through a `Headers` object, which costs more than the rest of the edge's bookkeeping together.
 */
export function answer(
  c: EdgeContext,
  body: string | Uint8Array<ArrayBuffer> | null,
  status = 200,
): Response {
  return new Response(body, { status, headers: c.get("headers") });
}

export function answerJson(c: EdgeContext, value: unknown, status = 200): Response {
  addHeaders(c, { "content-type": "application/json" });
  return answer(c, JSON.stringify(value), status);
}

/** The server's JSON, passed on as it is. */
export async function passOn(c: EdgeContext, upstream: Response): Promise<Response> {
  addHeaders(c, { "content-type": "application/json" });
  return answer(c, await upstream.text(), upstream.status);
}

/** Answers with the problem document (RFC 9457) of a refusal, and the headers its status asks for. */
export function answerRefusal(c: EdgeContext, { code, more, waitS, endsConnection }: Refusal): Response {
  const status = errorCodes[code];
  c.set("refused", code);
  const wait = waitS ?? retryAfterS[code];
  if (wait !== undefined) addHeaders(c, { "retry-after": String(wait) });
  if (endsConnection) addHeaders(c, { connection: "close" });
  // RFC 9449 §7.1: which proofs are understood.
  if (status === 401) addHeaders(c, { "www-authenticate": 'DPoP algs="ES256 EdDSA"' });
  addHeaders(c, { "cache-control": "no-store", "content-type": "application/problem+json" });
  return answer(c, JSON.stringify(problemOf(code, c.get("requestId"), more)), status);
}
