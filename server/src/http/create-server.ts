import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Logger } from "pino";
import { sharedAudience } from "../../contract/index.ts";
import type { MakeContext } from "../context/context-factory.ts";
import { refused } from "../context/refusal.ts";
import { acceptWebhook } from "../payments/accept-webhook.ts";
import type { Registry } from "../registry/registry.ts";
import { createJwks, type Jwks } from "../sessions/jwks.ts";
import type { Tenants } from "../tenant/tenants.ts";
import { readTheme } from "../themes/read-theme.ts";
import { answerJson, answerRefused, onError, type ServerEnv } from "./answers.ts";
import { createDoors } from "./entrance.ts";
import { hostEntry } from "./host-entry.ts";
import { createInternalTokenCheck, type EdgeKey } from "./internal-token.ts";
import { observe } from "./observe.ts";
import { addPayerRoutes } from "./payer/handlers.ts";
import { createReadiness, type ProcessState } from "./readiness.ts";

export interface ServerOptions {
  registry: Registry;
  tenants: Tenants;
  makeContext: MakeContext;
  /** Verifies internal tokens. */
  edgeKey: EdgeKey;
  /** This server's name: its base URL in the registry when it is a tenant's own. Default `shared`. */
  audience?: string;
  /** Key sets of token issuers. Default: public https addresses only. */
  jwks?: Jwks;
  /** For `/readyz`. Default: no worker, never stopping. */
  process?: ProcessState;
  log: Logger;
  /** Milliseconds since 1970. Default `Date.now`. */
  now?: () => number;
}

export interface Server {
  fetch(request: Request): Promise<Response>;
}

/** Bytes of a body; the edge's own limit is smaller. */
const maximumBodyBytes = 128 * 1024;

/** The routes of contract/internal.ts: internal token → that tenant → one verb → its answer. */
export function createServer(options: ServerOptions): Server {
  const { registry, tenants, makeContext, log, audience = sharedAudience, now = Date.now } = options;
  const check = createInternalTokenCheck({ key: options.edgeKey, audience, now });
  const doors = createDoors({ check, registry, tenants, makeContext, audience });

  const app = new Hono<ServerEnv>();
  const readiness = createReadiness({ registry, audience, process: options.process });
  app.onError(onError(log));
  app.notFound((c) => answerRefused(c, refused("not_found")));
  app.use(observe(log));
  app.use(async (c, next) => {
    try {
      await next();
    } finally {
      c.get("leave")?.();
    }
  });
  app.use(
    bodyLimit({ maxSize: maximumBodyBytes, onError: (c) => answerRefused(c, refused("body_too_large")) }),
  );

  app.get("/healthz", (_c) => answerJson({ status: "ok" }));
  app.get("/readyz", async (_c) => {
    const answer = await readiness();
    return answerJson(answer, answer.status === "unavailable" ? 503 : 200);
  });

  app.get("/internal/v1/hosts/:host", async (c) => {
    c.set("requestId", check(c.req.header("authorization"), "edge").rid);
    const found = await hostEntry({ registry, tenants, audience, host: c.req.param("host") });
    if (found.kind === "refused") return answerRefused(c, found);
    c.set("tenant", found.entry.tenant);
    return answerJson(found.entry);
  });

  addPayerRoutes(app, { doors, jwks: options.jwks ?? createJwks() });

  app.get("/internal/v1/theme/:file", async (c) => {
    const { ctx } = await doors.enter(c, "theme:read");
    const found = await readTheme({ ctx, input: { hash: c.req.param("file").replace(/\.css$/, "") } });
    if (found.kind === "refused") return answerRefused(c, found);
    return c.body(found.css, 200, { "content-type": "text/css; charset=utf-8" });
  });

  app.post("/internal/v1/webhooks/:provider", async (c) => {
    const { ctx } = await doors.enter(c, "webhook");
    const body = new Uint8Array(await c.req.arrayBuffer());
    const input = { provider: c.req.param("provider"), body, headers: c.req.raw.headers };
    const accepted = await acceptWebhook({ ctx, input });
    return accepted.kind === "refused" ? answerRefused(c, accepted) : c.body(null, 202);
  });

  return { fetch: async (request) => app.fetch(request) };
}
