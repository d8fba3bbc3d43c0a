import { randomUUID } from "node:crypto";
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from "node:http";
import { errorCodes, problemOf } from "../errors.ts";
import { networkOf } from "./address.ts";
import type { ConnectionLimits } from "./limits.ts";
import { createLosses, type Loss } from "./losses.ts";
import { type Connection, OpenConnections } from "./open-connections.ts";
import { createPlaces } from "./places.ts";

/** Answers one request. A promise ends with the answer's end. */
export type Answer = (incoming: IncomingMessage, outgoing: ServerResponse) => void | Promise<void>;

export interface GuardedServerOptions {
  answer: Answer;
  limits: ConnectionLimits;
  /**
   * Whose a request is. Behind a proxy all connections are the proxy's, so an address's requests are counted in their
   * place. Default: its connections are.
   */
  addressOf?: ((incoming: IncomingMessage) => string) | undefined;
  /** Told once a second of what was refused or cut, if anything was. */
  report?: (losses: readonly Loss[]) => void;
  /** Of Node's own, what the limits do not say. */
  http?: Pick<ServerOptions, "requireHostHeader">;
}

/** More headers than anyone means to send; Node would drop the rest without a word. */
const mostHeaders = 100;
const sweepMs = 1_000;

/**
 * An HTTP server of which strangers can hold so much and no more, whatever they do with their sockets: say nothing,
 * say it slowly, ask and read nothing, ask for more and more. Node's own time-outs watch requests while they arrive;
 * from there on this does. Requests of one connection are answered one after the other, the next when the former
 * answer has left: what waits in memory is one answer a connection, whatever is pipelined.
 */
export function createGuardedServer(options: GuardedServerOptions): Server {
  const { limits, addressOf, report, http = {} } = options;
  const losses = createLosses();
  const places = createPlaces(limits.perAddress);
  const connections = new OpenConnections({ limits, losses, places: addressOf ? null : places });

  function take(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const connection = connections.find(incoming.socket);
    // Of bytes that came before the cut.
    if (!connection) return;
    const turn = () => void serve(connection, incoming, outgoing);
    if (!connection.busy) begin(connection, turn);
    else if (connection.waiting.length >= limits.pipelined) connections.cut(connection, "pipelined");
    else {
      connection.waiting.push(turn);
      // No more is read than has come: bodies and headers of what waits are memory too.
      connection.socket.pause();
    }
  }

  /** Not at once: Node would go on with a connection's next request, and the next, before it looks at anybody else's. */
  function begin(connection: Connection, turn: () => void): void {
    connections.begins(connection);
    setImmediate(() => {
      if (connections.find(connection.socket)) turn();
    });
  }

  async function serve(connection: Connection, incoming: IncomingMessage, outgoing: ServerResponse) {
    const leave = addressOf ? places.enter(networkOf(addressOf(incoming))) : () => {};
    if (!leave) losses.add("address", addressOf?.(incoming));
    outgoing.once("close", () => {
      leave?.();
      next(connection);
    });
    try {
      const refusal = leave ? faultOf(incoming) : tooMany;
      if (refusal) refuse(outgoing, refusal);
      else await options.answer(incoming, outgoing);
    } catch {
      connection.socket.destroy();
    }
    const waits = outgoing.writableEnded && !outgoing.writableFinished;
    if (waits && connections.find(connection.socket)) connections.ended(connection);
  }

  function next(connection: Connection): void {
    connections.taken(connection);
    if (!connections.find(connection.socket)) return;
    const turn = connection.waiting.shift();
    if (turn) {
      connection.socket.resume();
      begin(connection, turn);
    } else connections.rests(connection);
  }

  const server = createServer({ ...http, ...timeouts(limits) }, take);
  server.maxHeadersCount = 0;
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  server.timeout = limits.inactiveMs;
  server.on("connection", (socket) => connections.accept(socket));
  const sweeping = setInterval(
    () => {
      connections.sweep();
      const told = losses.take();
      if (told.length > 0) report?.(told);
    },
    Math.min(sweepMs, limits.answerMs),
  );
  sweeping.unref();
  return server.once("close", () => clearInterval(sweeping));
}

const timeouts = ({ headersMs, requestMs, keepAliveMs }: ConnectionLimits): ServerOptions => ({
  headersTimeout: headersMs,
  requestTimeout: requestMs,
  keepAliveTimeout: keepAliveMs,
  connectionsCheckingInterval: Math.min(sweepMs, headersMs),
});

interface Fault {
  code: "rate_limited" | "malformed_request";
  detail: string;
}
const tooMany: Fault = { code: "rate_limited", detail: "too many requests of one address at once" };

const faultOf = ({ rawHeaders }: IncomingMessage): Fault | null =>
  rawHeaders.length > 2 * mostHeaders
    ? { code: "malformed_request", detail: `more than ${mostHeaders} headers` }
    : null;

/** For what cannot be given to whoever answers; the connection ends with it. */
function refuse(outgoing: ServerResponse, { code, detail }: Fault): void {
  const headers = {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    connection: "close",
    ...(code === "rate_limited" && { "retry-after": "1" }),
  };
  outgoing
    .writeHead(errorCodes[code], headers)
    .end(JSON.stringify(problemOf(code, randomUUID(), { detail })));
}
