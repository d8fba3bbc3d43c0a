import type { KeyObject } from "node:crypto";
import type { Server } from "node:http";
import type { ConnectionLimits } from "@clarity/server/contract/connections";
import { fixedRing } from "@clarity/server/contract/edge-trust";
import { OpenAPIHono } from "@hono/zod-openapi";
import { methodNotAllowed } from "hono/method-not-allowed";
import type { Logger } from "pino";
import { createAssets } from "../assets/assets.ts";
import { assetHandlers } from "../assets/handlers.ts";
import { assetSpecs } from "../assets/specs.ts";
import { embedHandlers } from "../embed/handlers.ts";
import { createGuards } from "../guards/create-guards.ts";
import { addHeaders, answerRefusal } from "../http/answer.ts";
import type { EdgeEnv } from "../http/env.ts";
import { envelope, onError, oneAuthority } from "../http/envelope.ts";
import { Refusal } from "../http/refusal.ts";
import { createEdgeServer } from "../http/serve.ts";
import { pageOf } from "../limits/rate-classes.ts";
import { createRateLimit, type Limits } from "../limits/rate-limit.ts";
import type { SharedState } from "../limits/shared-state.ts";
import { payHandlers } from "../pay/handlers.ts";
import { paySpecs } from "../pay/specs.ts";
import { openPortalFiles } from "../portal/files.ts";
import { portalHandlers } from "../portal/handlers.ts";
import { portalPageHandlers } from "../portal/page-handlers.ts";
import { portalSpecs } from "../portal/specs.ts";
import { reportHandlers } from "../reports/handlers.ts";
import { mountRoutes, refuseStrangers } from "../routes/mount-routes.ts";
import { openApiHandlers, refuseInvalid } from "../routes/openapi.ts";
import { statusHandlers } from "../status/handlers.ts";
import { statusSpecs } from "../status/specs.ts";
import { createMetrics, type Metrics } from "../telemetry/metrics.ts";
import { createAccessTokens } from "../tokens/access-token.ts";
import { createInternalTokens, type InternalKey } from "../tokens/internal-token.ts";
import { type EdgeKeys, edgeKeyOf } from "../tokens/keys.ts";
import { createProofCheck, proofWindowS } from "../tokens/proof.ts";
import { createReplayStore } from "../tokens/replay.ts";
import { createForwarder, type Upstream } from "../upstream/forward.ts";
import { createHosts } from "../upstream/hosts.ts";
import { httpUpstream } from "../upstream/http-upstream.ts";
import { webhookHandlers } from "../webhooks/handlers.ts";
import { webhookSpecs } from "../webhooks/specs.ts";
import { findTenant } from "./find-tenant.ts";

export interface EdgeOptions {
  /** Ed25519 keys (`openEdgeKeys`), or one private key: sign access tokens, and internal tokens unless `internalKey` is given. */
  key: EdgeKeys | KeyObject;
  /** Edges that have one key for everything share the name: access tokens are signed so that they accept them. Default false. */
  besideOlderEdges?: boolean;
  /** Signs internal tokens; a shared secret is for an edge and a server in one process. Default: `key`. */
  internalKey?: InternalKey;
  /** The shared servers: their own `fetch`, or `httpUpstream(url)`. */
  upstream: Upstream;
  /** A tenant's dedicated instance by its base URL. Default `httpUpstream`. */
  dedicated?: (baseUrl: string) => Upstream;
  /** A folder of builds of the widget, each with its `manifest.json`; or null, with `assetsUrl`. */
  assetsDir: string | null;
  /** Base URL of an object store of builds. Default: none. */
  assetsUrl?: string | null;
  /** The version of the widget in the edge's own pages. Default: the folder's own, else the newest. */
  widgetVersion?: string | null;
  /** The portal's build: a folder with its `manifest.json`. Default: none, and no page at /portal. */
  portalDir?: string | null;
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
  /** The same over sockets of which strangers can hold so much and no more. Not listening yet. */
  serve(limits: ConnectionLimits): Server;
}

/** The public edge. */
export async function createEdge(options: EdgeOptions): Promise<Edge> {
  const { log, shared, trustForwarded = false } = options;
  const metrics = createMetrics(shared?.answers);
  const app = await createApp(options, metrics);
  const fetch: Edge["fetch"] = async (request, env) => app.fetch(request, env);
  return {
    fetch,
    serve: (limits) =>
      createEdgeServer({
        fetch,
        limits,
        trustForwarded,
        report(losses) {
          for (const loss of losses) log.warn(loss, "connections lost");
          metrics.lost(losses);
        },
      }),
  };
}

/** Envelope → the rows of contract/routes.ts → nothing else. @throws when rows and handlers do not fit */
export async function createApp(
  options: EdgeOptions,
  metrics = createMetrics(options.shared?.answers),
): Promise<OpenAPIHono<EdgeEnv>> {
  const parts = { ...(await createParts(options, metrics)), metrics };
  const { frontDoorUrl = null, log, stopping = () => false, trustForwarded = false, upstream } = options;
  const { now = Date.now } = options;
  const app = new OpenAPIHono<EdgeEnv>({ defaultHook: refuseInvalid });
  app.onError(onError(log));
  app.notFound(async (c) => {
    await parts.limit.count(pageOf(c.get("address")));
    return answerRefusal(c, new Refusal("not_found"));
  });
  app.use(envelope({ log, metrics, trustForwarded }));
  app.use(oneAuthority);
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        addHeaders(c, { allow: methods.join(", ") });
        return answerRefusal(c, new Refusal("method_not_allowed"));
      },
    }),
  );
  mountRoutes(app, {
    specs: { ...statusSpecs, ...paySpecs, ...webhookSpecs, ...assetSpecs, ...portalSpecs },
    handlers: {
      ...statusHandlers({ upstream, metrics, stopping }),
      ...openApiHandlers(app),
      ...payHandlers(parts),
      ...webhookHandlers(parts),
      ...assetHandlers(parts),
      ...embedHandlers(parts),
      ...reportHandlers({ log, metrics, now }),
      ...portalHandlers(parts),
      ...portalPageHandlers({ ...parts, files: await openPortalFiles(options.portalDir ?? null) }),
    },
    guards: createGuards({ ...parts, now }),
    findTenant: findTenant({ ...parts, frontDoorUrl, now }),
  });
  refuseStrangers(app);
  return app;
}

async function createParts(options: EdgeOptions, metrics: Metrics) {
  const { besideOlderEdges = false, key, now = Date.now, shared = null } = options;
  const keys = "all" in key ? key : fixedRing(edgeKeyOf(key));
  const mint = createInternalTokens(options.internalKey ?? { alg: "EdDSA", keys }, now);
  const forward = createForwarder({
    shared: options.upstream,
    dedicated: options.dedicated ?? httpUpstream,
    mint,
  });
  // A proof may come up to a window early and stays good for a window after its time.
  const keepMs = 2 * proofWindowS * 1000;
  const replay = createReplayStore({ keepMs, now });
  const assets = await createAssets({
    dir: options.assetsDir ?? undefined,
    storeUrl: options.assetsUrl ?? undefined,
    version: options.widgetVersion ?? undefined,
    log: options.log,
    onFault: metrics.countAssetFault,
    now,
  });
  return {
    forward,
    assets,
    words: assets.words,
    hosts: createHosts({ forward, now }),
    limit: createRateLimit({ limits: options.limits, redis: shared?.redis }),
    usedElsewhere: async (proofId: string) => shared !== null && !(await shared.claim(proofId, keepMs)),
    tokens: createAccessTokens({ keys, besideOlderEdges, now }),
    checkProof: createProofCheck({ replay, now }),
  };
}
