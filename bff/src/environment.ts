import { connectionVariables } from "@clarity/server/contract/connections";
import {
  defineEnvironment,
  kinds,
  stoppingVariables,
  tracingVariables,
} from "@clarity/server/contract/environment";

/** What `main.ts` reads. */
export const edgeEnvironment = defineEnvironment({
  program: "edge",
  about: "The one part of Clarity that browsers talk to.",
  variables: {
    PORT: { kind: kinds.port, help: "where to listen", default: "4000" },
    HOST: { kind: kinds.host, help: "where to listen", default: "127.0.0.1" },
    CLARITY_SERVER_URL: { kind: kinds.httpUrl, help: "the shared servers", required: true },
    CLARITY_EDGE_KEY_FILE: {
      kind: kinds.privatePath,
      help: "sign the edge's tokens: Ed25519 private keys, PKCS #8 PEM, the first signs; read again while it serves",
      required: true,
    },
    CLARITY_BESIDE_OLDER_EDGES: {
      kind: kinds.flag,
      help: "during the roll-out of this release: edges before it, which have one key for all tokens, share the name",
      default: "0",
    },
    CLARITY_ASSETS_DIR: {
      kind: kinds.existingFolder,
      help: "builds of the widget: a build, or a folder of builds, which edges may share",
    },
    CLARITY_ASSETS_URL: {
      kind: kinds.httpUrl,
      help: "an object store of builds: what the folder lacks is had from there",
    },
    CLARITY_WIDGET_VERSION: {
      kind: kinds.text,
      help: "the build in the edge's own pages",
      otherwise: "the folder's own, else the newest",
    },
    CLARITY_PORTAL_DIR: {
      kind: kinds.existingFolder,
      help: "the portal's build, which tenants' hosts show at /portal",
      otherwise: "there is no page at /portal",
    },
    CLARITY_FRONT_DOOR_URL: { kind: kinds.httpUrl, help: "what bare addresses show", otherwise: "404" },
    CLARITY_METRICS_PORT: {
      kind: kinds.port,
      help: "Prometheus metrics, on a port of their own",
      otherwise: "/metrics answers loopback alone",
    },
    CLARITY_METRICS_HOST: { kind: kinds.host, help: "where metrics listen", default: "127.0.0.1" },
    ...stoppingVariables("4000"),
    CLARITY_REDIS_URL: {
      kind: kinds.redisUrl,
      help: "counts limits and used proofs over all edges that share it",
      otherwise: "each edge for itself",
      secret: true,
    },
    CLARITY_TRUST_FORWARDED: {
      kind: kinds.flag,
      help: "a TLS-terminating proxy stands in front: believe its X-Forwarded-…",
      default: "0",
    },
    ...connectionVariables(),
    LOG_LEVEL: { kind: kinds.logLevel, help: "the least that is logged", default: "info" },
    ...tracingVariables("edge"),
  },
  oneOf: [["CLARITY_ASSETS_DIR", "CLARITY_ASSETS_URL"]],
});
