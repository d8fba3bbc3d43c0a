import { randomUUID } from "node:crypto";
import type { EdgeContext } from "./env.ts";

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
