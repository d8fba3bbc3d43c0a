import { Hono } from "hono";
import type { Logger } from "pino";
import { refused, sharedAudience } from "../../contract/index.ts";
import type { MakeContext } from "../context/context-factory.ts";
import type { NeutralSender } from "../email/neutral-sender.ts";
import { acceptWebhook } from "../payments/accept-webhook.ts";
import type { Registry } from "../registry/registry.ts";
import { createJwks, type Jwks } from "../sessions/jwks.ts";
import type { Tenants } from "../tenant/tenants.ts";
import { answerJson, answerRefused, onError, type ServerEnv } from "./answers.ts";
import { createAuthenticator } from "./authenticate.ts";
import type { EdgeKey } from "./edge-key.ts";
import { hostEntry } from "./host-entry.ts";
import { createInternalTokenCheck } from "./internal-token.ts";
import { type Handlers, mountRoutes } from "./mount-routes.ts";
import { observe } from "./observe.ts";
import { payerHandlers } from "./payer/handlers.ts";
import { portalHandlers } from "./portal/handlers.ts";
import { createReadiness, type ProcessState, type Readiness } from "./readiness.ts";

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
  /** Sends for tenants that have no mail server. Default: nothing is sent for them. */
  neutral?: NeutralSender | null;
  /** For `/readyz`. Default: no worker, never stopping. */
  process?: ProcessState;
  log: Logger;
  /** Milliseconds since 1970. Default `Date.now`. */
  now?: () => number;
}

export interface Server {
  fetch(request: Request): Promise<Response>;
}

/** The routes of contract/routes.ts: internal token → that tenant → one verb → its answer. */
export function createServer(options: ServerOptions): Server {
  const { registry, tenants, makeContext, log, audience = sharedAudience, now = Date.now } = options;
  const check = createInternalTokenCheck({ key: options.edgeKey, audience, now });
  const authenticator = createAuthenticator({ check, registry, tenants, makeContext, audience });

  const app = new Hono<ServerEnv>();
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
  const handlers = {
    ...statusHandlers(createReadiness({ registry, audience, process: options.process })),
    ...hostHandlers({ registry, tenants, audience }),
    ...payerHandlers({ jwks: options.jwks ?? createJwks() }),
    ...webhookHandlers,
    ...portalHandlers({ neutral: options.neutral ?? null, registry }),
  };
  mountRoutes(app, { handlers, authenticator });
  return { fetch: async (request) => app.fetch(request) };
}

const statusHandlers = (readiness: () => Promise<Readiness>): Handlers<"readHealth" | "readReadiness"> => ({
  readHealth: () => answerJson({ status: "ok" }),
  async readReadiness() {
    const answer = await readiness();
    return answerJson(answer, answer.status === "unavailable" ? 503 : 200);
  },
});

const hostHandlers = (where: Omit<Parameters<typeof hostEntry>[0], "host">): Handlers<"readHost"> => ({
  async readHost(c) {
    const found = await hostEntry({ ...where, host: c.req.param("host") });
    if (found.kind === "refused") return answerRefused(c, found);
    c.set("tenant", found.entry.tenant);
    return answerJson(found.entry);
  },
});

const webhookHandlers: Handlers<"receiveWebhook"> = {
  async receiveWebhook(c, { ctx }) {
    const body = new Uint8Array(await c.req.arrayBuffer());
    const input = { provider: c.req.param("provider"), body, headers: c.req.raw.headers };
    const accepted = await acceptWebhook({ ctx, input });
    return accepted.kind === "refused" ? answerRefused(c, accepted) : c.body(null, 202);
  },
};
