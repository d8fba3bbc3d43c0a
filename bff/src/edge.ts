import { createPublicKey, type KeyObject } from "node:crypto";
import { OpenAPIHono } from "@hono/zod-openapi";
import { methodNotAllowed } from "hono/method-not-allowed";
import type { Logger } from "pino";
import { createAssets } from "./assets/assets.ts";
import { authenticate, proveKey } from "./authenticate.ts";
import { limitBody, requireJson } from "./body.ts";
import { cors } from "./cors.ts";
import { addEmbedRoutes } from "./embed/routes.ts";
import { envelope, onError } from "./envelope.ts";
import { answerFrontDoor } from "./front-door.ts";
import { createHosts } from "./hosts.ts";
import { createMetrics } from "./metrics.ts";
import { addPayRoutes } from "./pay/handlers.ts";
import { addOpenAPI, refuseInvalid } from "./pay/openapi.ts";
import { createRateLimit, type Limits } from "./rate-limit.ts";
import { answerRefusal, Refusal } from "./refusal.ts";
import { addHeaders, type EdgeEnv } from "./request.ts";
import { addStatusRoutes } from "./status.ts";
import { createAccessTokens } from "./tokens/access-token.ts";
import { createInternalTokens, type InternalKey } from "./tokens/internal-token.ts";
import { createProofCheck, proofWindowS } from "./tokens/proof.ts";
import { createReplayStore } from "./tokens/replay.ts";
import { createForwarder, type Upstream } from "./upstream.ts";
import { addWebhookRoutes } from "./webhooks.ts";

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
  /** A TLS-terminating proxy stands in front: believe its `X-Forwarded-*`. Default false. */
  trustForwarded?: boolean;
  log: Logger;
  /** Milliseconds since 1970. Default `Date.now`. */
  now?: () => number;
}

export interface Edge {
  fetch(request: Request, env?: EdgeEnv["Bindings"]): Promise<Response>;
}

/** Hosts no tenant can have: the operator's own view of this process. */
const bareHosts = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** The public edge. Routes from the outside in: envelope → tenant → CORS → token and proof → body → forward. */
export async function createEdge(options: EdgeOptions): Promise<Edge> {
  const { key, log, now = Date.now } = options;
  const mint = createInternalTokens(options.internalKey ?? { alg: "EdDSA", key }, now);
  const forward = createForwarder({
    shared: options.upstream,
    mint,
    ...(options.dedicated ? { dedicated: options.dedicated } : {}),
  });
  const hosts = createHosts({ forward, now });
  const limit = createRateLimit(options.limits);
  const tokens = createAccessTokens({ privateKey: key, publicKey: createPublicKey(key), now });
  // A proof may come up to a window early and stays good for a window after its time.
  const replay = createReplayStore({ keepMs: 2 * proofWindowS * 1000, now });
  const checkProof = createProofCheck({ replay, now });
  const assets = await createAssets(options.assetsDir);
  const metrics = createMetrics();

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
  addStatusRoutes(app, { upstream: options.upstream, metrics });
  app.use(async (c, next) => {
    if (bareHosts.has(c.get("hostname"))) return answerFrontDoor(c, options.frontDoorUrl ?? null);
    c.set("host", await hosts.resolve(c.get("hostname"), c.get("requestId")));
    await next();
  });
  app.use("/v1/*", cors);
  const authenticated = authenticate({ tokens, checkProof, limit });
  app.use("/v1/session", proveKey({ checkProof, limit, tokens }), limitBody, requireJson);
  app.use("/v1/invoices", authenticated);
  app.use("/v1/payments/*", authenticated, limitBody);
  app.use("/v1/payments", requireJson);
  app.use("/webhooks/*", limitBody);
  addPayRoutes(app, { forward, tokens, words: assets.words });
  addWebhookRoutes(app, forward);
  addEmbedRoutes(app, { assets, forward });
  return { fetch: async (request, env) => app.fetch(request, env) };
}
