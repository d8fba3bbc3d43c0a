import { randomUUID } from "node:crypto";
import { errorCodes, type HostEntry, problemOf, retryAfterS } from "@clarity/server/contract";
import type { Context } from "hono";
import type { Refusal } from "./refusal.ts";
import type { Access } from "./tokens/access-token.ts";
import type { Route } from "./upstream.ts";

/** What is known of a request on its way through the edge. Read by `c.get`: `c.var` copies all of it each time. */
export interface EdgeEnv {
  Bindings: {
    /** Node's request: who sent it, and what ended it early. */
    incoming?: { socket: { remoteAddress?: string | undefined }; errored?: Error | null };
  };
  Variables: {
    requestId: string;
    /** Scheme and host as the browser sees them: `https://pay.acme.example`. */
    origin: string;
    /** Host name without port, lower case. */
    hostname: string;
    /** The peer's address; the key of anonymous rate limits, never logged. */
    address: string;
    /** Headers of the answer in the making, names in lower case. */
    headers: Record<string, string>;
    /** Set once the tenant is known. */
    host: HostEntry;
    /** Beside it: where its requests go. */
    route: Route;
    /** `POST /v1/session` only: thumbprint of the key the browser has proved. */
    jkt: string;
    /** Set once the access token and its proof are verified. */
    access: Access;
  };
}
export type EdgeContext = Context<EdgeEnv>;

/** A caller's id is kept when it is harmless in a log line and a header; otherwise a new one is made. */
export function requestIdOf(header: string | undefined): string {
  return header !== undefined && /^[A-Za-z0-9_-]{8,64}$/.test(header) ? header : randomUUID();
}

export interface Address {
  origin: string;
  hostname: string;
  address: string;
}

/**
 * Where the browser thinks it is, and who it is. Behind a TLS-terminating proxy
 * (`trustForwarded`) the last `X-Forwarded-Proto` and `X-Forwarded-For` are the proxy's own words.
 */
export function addressOf(c: EdgeContext, trustForwarded: boolean): Address {
  const { request, forwardedFor, forwardedProto } = headersOf(c, trustForwarded);
  const scheme = forwardedProto === "https" || request.startsWith("https:") ? "https" : "http";
  const host = (c.req.header("host") ?? new URL(request).host).toLowerCase();
  const peer = c.env?.incoming?.socket.remoteAddress ?? "unknown";
  return {
    origin: `${scheme}://${host}`,
    hostname: host.replace(/:\d+$/, ""),
    address: forwardedFor ?? peer,
  };
}

function headersOf(c: EdgeContext, trustForwarded: boolean) {
  const last = (name: string) => c.req.header(name)?.split(",").at(-1)?.trim();
  return {
    request: c.req.raw.url,
    forwardedProto: trustForwarded ? last("x-forwarded-proto") : undefined,
    forwardedFor: trustForwarded ? last("x-forwarded-for") : undefined,
  };
}

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
export function answerRefusal(c: EdgeContext, { code, more, waitS }: Refusal): Response {
  const status = errorCodes[code];
  const wait = waitS ?? retryAfterS[code];
  if (wait !== undefined) addHeaders(c, { "retry-after": String(wait) });
  // RFC 9449 §7.1: which proofs are understood.
  if (status === 401) addHeaders(c, { "www-authenticate": 'DPoP algs="ES256 EdDSA"' });
  addHeaders(c, { "cache-control": "no-store", "content-type": "application/problem+json" });
  return answer(c, JSON.stringify(problemOf(code, c.get("requestId"), more)), status);
}
