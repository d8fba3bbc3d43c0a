import { randomUUID } from "node:crypto";
import { readAddress } from "@clarity/server/contract/connections";
import { readAuthority, withoutUsualPort } from "./authority.ts";
import type { EdgeContext } from "./env.ts";

/** A caller's id is kept when it is harmless in a log line and a header; otherwise a new one is made. */
export function requestIdOf(header: string | undefined): string {
  return header !== undefined && /^[A-Za-z0-9_-]{8,64}$/.test(header) ? header : randomUUID();
}

export interface Address {
  origin: string;
  hostname: string;
  address: string;
  fault: string | null;
}

/** In place of a host that was not said in one way. */
const noHost = "malformed.invalid";

/**
 * Where the browser thinks it is, and who it is. Behind a TLS-terminating proxy
 * (`trustForwarded`) the last `X-Forwarded-Proto` and `X-Forwarded-For` are the proxy's own words.
 */
export function addressOf(c: EdgeContext, trustForwarded: boolean): Address {
  const { url } = c.req.raw;
  const authority = c.env?.authority ?? readAuthority("/", [c.req.header("host") ?? new URL(url).host]);
  const host = "fault" in authority ? noHost : authority.host;
  const secure =
    url.startsWith("https:") || (trustForwarded && last(c.req.header("x-forwarded-proto")) === "https");
  const scheme = secure ? "https" : "http";
  const forwarded = trustForwarded ? forwardedAddress(c.req.header("x-forwarded-for")) : null;
  return {
    origin: `${scheme}://${withoutUsualPort(host, scheme)}`,
    hostname: host.replace(/:\d+$/, ""),
    address: forwarded ?? readAddress(c.env?.incoming?.socket.remoteAddress ?? "") ?? "unknown",
    fault: "fault" in authority ? authority.fault : null,
  };
}

/** Whom the proxy in front speaks for: the last it names, whatever others have written before. null: nobody. */
export function forwardedAddress(header: string | undefined): string | null {
  return readAddress(last(header) ?? "");
}

const last = (list: string | undefined): string | undefined => list?.split(",").at(-1)?.trim();
