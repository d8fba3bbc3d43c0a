import * as kinds from "../environment/kinds.ts";
import { defineVariables, type ValuesOf } from "../environment/variable.ts";
import { routes } from "../routes.ts";

/** How much of a process strangers may hold. */
export interface ConnectionLimits {
  /** Connections at once. Who comes then pushes out one that asks for nothing. */
  readonly connections: number;
  /** Of one address at once: connections, or behind a proxy requests. */
  readonly perAddress: number;
  /** From connecting, or from a request's first byte, to the end of its headers, ms. */
  readonly headersMs: number;
  /** From a request's first byte to the end of its body, ms. */
  readonly requestMs: number;
  /** Between an answer and the next request, ms. */
  readonly keepAliveMs: number;
  /** Without a byte in either direction while a request is under way, ms. */
  readonly inactiveMs: number;
  /** From an answer's end to its last byte being taken, ms. */
  readonly answerMs: number;
  /** Requests that wait behind one under way on the same connection (RFC 9112 §9.3.2). */
  readonly pipelined: number;
  /** Requests over one connection; it is closed with the last one's answer. */
  readonly requestsPerConnection: number;
  /** Bytes of answers that wait to be taken, of one connection and of all. */
  readonly unsentBytesPerConnection: number;
  readonly unsentBytes: number;
}

/** What holds where nobody has set anything: for an edge, whose clients are many, each with a few connections. */
export const usualLimits: ConnectionLimits = {
  connections: 4_000,
  perAddress: 256,
  headersMs: 10_000,
  requestMs: 20_000,
  keepAliveMs: 5_000,
  inactiveMs: 120_000,
  answerMs: 60_000,
  pipelined: 16,
  requestsPerConnection: 1_000,
  unsentBytesPerConnection: 8 * 2 ** 20,
  unsentBytes: 64 * 2 ** 20,
};

const ms = kinds.wholeNumber({ least: 100, most: 3_600_000, unit: "ms" });
const count = kinds.wholeNumber({ least: 1, most: 1_000_000 });
const bytes = kinds.wholeNumber({ least: 65_536, most: 2 ** 40 });
/** Whoever waits for a slow provider hears nothing meanwhile. */
const longestMs = Math.max(...Object.values(routes.server).map(({ timeoutMs }) => timeoutMs));

/** What edge and server read of it. @param usual what holds without, where it is not `usualLimits` */
export const connectionVariables = (usual: Partial<ConnectionLimits> = {}) => {
  const written = (name: keyof ConnectionLimits) => String(usual[name] ?? usualLimits[name]);
  return defineVariables({
    CLARITY_CONNECTIONS: {
      kind: count,
      help: "connections at once; who comes then pushes out one that asks for nothing",
      default: written("connections"),
    },
    CLARITY_CONNECTIONS_PER_ADDRESS: {
      kind: count,
      help: "of one address at once, of IPv6 of one /64; behind a trusted proxy its requests",
      default: written("perAddress"),
    },
    CLARITY_HEADERS_TIMEOUT_MS: {
      kind: ms,
      help: "for a request's headers, and for silence before the first",
      default: written("headersMs"),
    },
    CLARITY_REQUEST_TIMEOUT_MS: {
      kind: ms,
      help: "for a whole request, body included",
      default: written("requestMs"),
    },
    CLARITY_KEEP_ALIVE_MS: {
      kind: ms,
      help: "an idle connection stays open; longer than the proxy in front keeps its own",
      default: written("keepAliveMs"),
    },
    CLARITY_INACTIVE_MS: {
      kind: kinds.wholeNumber({ least: longestMs + 10_000, most: 3_600_000, unit: "ms" }),
      help: "a connection without a byte in either direction while its request is under way",
      default: written("inactiveMs"),
    },
    CLARITY_ANSWER_TIMEOUT_MS: { kind: ms, help: "for taking a whole answer", default: written("answerMs") },
    CLARITY_PIPELINED_REQUESTS: {
      kind: count,
      help: "requests that wait behind another on one connection; one more closes it",
      default: written("pipelined"),
    },
    CLARITY_REQUESTS_PER_CONNECTION: {
      kind: count,
      help: "requests over one connection, which then ends",
      default: written("requestsPerConnection"),
    },
    CLARITY_UNSENT_BYTES: {
      kind: bytes,
      help: "of answers not taken yet, in all; above it those that take longest are dropped",
      default: written("unsentBytes"),
    },
    CLARITY_UNSENT_BYTES_PER_CONNECTION: {
      kind: bytes,
      help: "the same of one connection, which is dropped",
      default: written("unsentBytesPerConnection"),
    },
  });
};

type Values = ValuesOf<ReturnType<typeof connectionVariables>>;

export const connectionLimitsOf = (values: Values): ConnectionLimits => ({
  connections: values.CLARITY_CONNECTIONS,
  perAddress: values.CLARITY_CONNECTIONS_PER_ADDRESS,
  headersMs: values.CLARITY_HEADERS_TIMEOUT_MS,
  requestMs: values.CLARITY_REQUEST_TIMEOUT_MS,
  keepAliveMs: values.CLARITY_KEEP_ALIVE_MS,
  inactiveMs: values.CLARITY_INACTIVE_MS,
  answerMs: values.CLARITY_ANSWER_TIMEOUT_MS,
  pipelined: values.CLARITY_PIPELINED_REQUESTS,
  requestsPerConnection: values.CLARITY_REQUESTS_PER_CONNECTION,
  unsentBytesPerConnection: values.CLARITY_UNSENT_BYTES_PER_CONNECTION,
  unsentBytes: values.CLARITY_UNSENT_BYTES,
});
