import type { IncomingMessage, Server } from "node:http";
import {
  type Answer,
  type ConnectionLimits,
  createGuardedServer,
  type Loss,
  readAddress,
} from "@clarity/server/contract/connections";
import { getRequestListener } from "@hono/node-server";
import { type Authority, readAuthority } from "./authority.ts";
import type { EdgeEnv } from "./env.ts";
import { forwardedAddress } from "./request.ts";

export interface ServeOptions {
  fetch: (request: Request, env: EdgeEnv["Bindings"]) => Promise<Response>;
  limits: ConnectionLimits;
  /** A TLS-terminating proxy stands in front: its connections are everybody's. */
  trustForwarded: boolean;
  report: (losses: readonly Loss[]) => void;
}

/** The edge's socket side: connections are guarded, and requests handed on in one form. */
export function createEdgeServer({ fetch, limits, trustForwarded, report }: ServeOptions): Server {
  return createGuardedServer({
    answer: answerBy(fetch),
    limits,
    addressOf: trustForwarded ? whoIsBehind : undefined,
    report,
    // Said in words, as whatever else is wrong with a Host.
    http: { requireHostHeader: false },
  });
}

function whoIsBehind({ headers, socket }: IncomingMessage): string {
  const named = headers["x-forwarded-for"];
  return (
    forwardedAddress(Array.isArray(named) ? named.join() : named) ??
    readAddress(socket.remoteAddress ?? "") ??
    "unknown"
  );
}

/**
 * Whom a request is for is read off its bytes, for further on nobody can tell any more: of several Hosts the library sees
 * one, and of what makes no URL none. What is wrong is told by the edge itself, as it tells everything.
 */
function answerBy(fetch: ServeOptions["fetch"]): Answer {
  const authorities = new WeakMap<object, Authority>();
  const listen = getRequestListener((request, { incoming }) => {
    const node = incoming as IncomingMessage;
    return fetch(request, { incoming: node, authority: authorities.get(node) });
  });
  return (incoming, outgoing) => {
    const authority = readAuthority(incoming.url ?? "", hostsOf(incoming.rawHeaders));
    authorities.set(incoming, authority);
    const { host, path } = "fault" in authority ? { host: "malformed.invalid", path: "/" } : authority;
    incoming.url = path;
    incoming.headers.host = host;
    return listen(incoming, outgoing);
  };
}

/** @param raw names and values in turn */
const hostsOf = (raw: readonly string[]): string[] =>
  raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === "host");
