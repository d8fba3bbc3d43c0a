import { createPublicKey, type KeyObject } from "node:crypto";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import type { Logger } from "pino";
import { createAssets } from "../assets/assets.ts";
import { addEmbedRoutes } from "../embed/handlers.ts";
import { authenticate, proveKey } from "../guards/authenticate.ts";
import { cors } from "../guards/cors.ts";
import { addHeaders, answerRefusal } from "../http/answer.ts";
import { limitBody, requireJson } from "../http/body.ts";
import type { EdgeEnv } from "../http/env.ts";
import { envelope, onError } from "../http/envelope.ts";
import { Refusal } from "../http/refusal.ts";
import { createRateLimit, type Limits, openRequestsOf } from "../limits/rate-limit.ts";
import type { SharedState } from "../limits/shared-state.ts";
import { addPayRoutes } from "../pay/handlers.ts";
import { addOpenAPI, refuseInvalid } from "../routes/openapi.ts";
import { addStatusRoutes } from "../status/handlers.ts";
import { createMetrics } from "../telemetry/metrics.ts";
import { createAccessTokens } from "../tokens/access-token.ts";
import { createInternalTokens, type InternalKey } from "../tokens/internal-token.ts";
import { createProofCheck, proofWindowS } from "../tokens/proof.ts";
import { createReplayStore } from "../tokens/replay.ts";
import { createForwarder, type Upstream } from "../upstream/forward.ts";
import { createHosts } from "../upstream/hosts.ts";
import { httpUpstream } from "../upstream/http-upstream.ts";
import { watchInstances } from "../upstream/instances.ts";
import { addWebhookRoutes } from "../webhooks/handlers.ts";
import { answerFrontDoor } from "./front-door.ts";

export interface EdgeOptions {
  /** Ed25519 private key (`readEdgeKey`): signs access tokens, and internal tokens unless `internalKey` is given. */
  key: KeyObject;
  /** Signs internal tokens; a shared secret is for an edge and a server in one process. Default: `key`. */
  internalKey?: InternalKey;
  /** The shared servers: their own `fetch`, or `httpUpstream(url)`. */
  upstream: Upstream;
  /** A tenant's dedicated instance by its base URL. Default `httpUpstream`. */
  dedicated?: (baseUrl: string) => Upstream;
  /** The widget's built files, with their `manifest.json`. */
  assetsDir: string;
  /** What bare addresses (`127.0.0.1`, `localhost`) show. Default: nothing, 404. */
  frontDoorUrl?: string | null;
  /** Requests a minute; see `Limits` for the defaults. */
  limits?: Partial<Limits>;
  /** Limits and used proofs are counted over all edges that share it. Default: each edge for itself. */
  shared?: SharedState | null;
  /** A TLS-terminating proxy stands in front: believe its `X-Forwarded-*`. Default false. */
  trustForwarded?: boolean;
  /** The process has been asked to stop: `/readyz` says so first. Default never. */
  stopping?: () => boolean;
  log: Logger;
  /** Milliseconds since 1970. Default `Date.now`. */
  now?: () => number;
}

export interface Edge {
  fetch(request: Request, env?: EdgeEnv["Bindings"]): Promise<Response>;
}

/** Hosts no tenant can have: the operator's own view of this process. */
const bareHosts = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** The public edge. */
export async function createEdge(options: EdgeOptions): Promise<Edge> {
  const app = await createApp(options);
  return { fetch: async (request, env) => app.fetch(request, env) };
}

/** Routes from the outside in: envelope → tenant → CORS → token and proof → body → forward. */
export async function createApp(options: EdgeOptions): Promise<OpenAPIHono<EdgeEnv>> {
  const parts = await createParts(options);
  const { assets, forward, log, metrics, tokens } = parts;
  const app = new OpenAPIHono<EdgeEnv>({ defaultHook: refuseInvalid });
  app.onError(onError(log));
  app.notFound((c) => answerRefusal(c, new Refusal("not_found")));
  app.use(envelope({ log, metrics, trustForwarded: options.trustForwarded ?? false }));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        addHeaders(c, { allow: methods.join(", ") });
        return answerRefusal(c, new Refusal("method_not_allowed"));
      },
    }),
  );
  addOpenAPI(app);
  const { stopping = () => false, upstream } = options;
  addStatusRoutes(app, { upstream, metrics, stopping, ownInstanceAnswers: parts.instances.answer });
  addLayers(app, parts, options.frontDoorUrl ?? null);
  addPayRoutes(app, { forward, tokens, words: assets.words });
  addWebhookRoutes(app, forward);
  addEmbedRoutes(app, { assets, forward });
  return app;
}

type Parts = Awaited<ReturnType<typeof createParts>>;

async function createParts(options: EdgeOptions) {
  const { key, log, now = Date.now, shared = null } = options;
  const mint = createInternalTokens(options.internalKey ?? { alg: "EdDSA", key }, now);
  const instances = watchInstances(options.dedicated ?? httpUpstream, now);
  const forward = createForwarder({ shared: options.upstream, dedicated: instances.dedicated, mint });
  // A proof may come up to a window early and stays good for a window after its time.
  const keepMs = 2 * proofWindowS * 1000;
  const replay = createReplayStore({ keepMs, now });
  return {
    forward,
    instances,
    log,
    hosts: createHosts({ forward, now }),
    limit: createRateLimit({ limits: options.limits, redis: shared?.redis }),
    usedElsewhere: async (proofId: string) => shared !== null && !(await shared.claim(proofId, keepMs)),
    tokens: createAccessTokens({ privateKey: key, publicKey: createPublicKey(key), now }),
    checkProof: createProofCheck({ replay, now }),
    assets: await createAssets(options.assetsDir),
    metrics: createMetrics(shared?.answers),
  };
}

/** What stands between a tenant's host and its routes; nothing below runs before the tenant is known. */
function addLayers(app: OpenAPIHono<EdgeEnv>, parts: Parts, frontDoorUrl: string | null) {
  const { hosts, limit } = parts;
  app.use(async (c, next) => {
    if (bareHosts.has(c.get("hostname"))) return answerFrontDoor(c, frontDoorUrl);
    const beforeAsk = () => limit.count({ kind: "address", key: c.get("address") });
    const input = { hostname: c.get("hostname"), requestId: c.get("requestId") };
    const host = await hosts.resolve({ ...input, beforeAsk });
    c.set("host", host);
    c.set("home", {
      upstream: host.upstream,
      findAgain: async () => (await hosts.resolveAgain(input)).upstream,
    });
    await next();
  });
  const countOpen: MiddlewareHandler<EdgeEnv> = async (c, next) => {
    await limit.count(openRequestsOf(c.get("host")));
    await next();
  };
  const authenticated = authenticate(parts);
  app.use("/v1/*", cors);
  app.use("/v1/session", proveKey(parts), limitBody, requireJson);
  app.use("/v1/invoices", authenticated);
  // With the wildcard also `/v1/payments` itself.
  app.use("/v1/payments/*", authenticated, limitBody);
  app.use("/v1/payments", requireJson);
  app.use("/webhooks/*", countOpen, limitBody);
  app.use("/theme/*", countOpen);
}
