/** The stand-in NetSuite account as a process of its own; environment.ts says what it reads. */
import { environmentAtStart, onTerminal } from "@clarity/server/contract/environment";
import { openDatabase } from "../shared/database.ts";
import { serve, stopOnSignal } from "../shared/serve.ts";
import { netsuiteApp } from "./app.ts";
import { netsuiteEnvironment } from "./environment.ts";
import { schema } from "./schema.ts";
import { seedOnce } from "./seed.ts";
import { registerIntegration } from "./token.ts";

const env = environmentAtStart(netsuiteEnvironment, onTerminal);
const sql = await openDatabase(env.DATABASE_URL, schema);
await seedOnce(sql);
const { INTEGRATION_CLIENT_ID: clientId, INTEGRATION_CERT_ID: certificateId } = env;
if (clientId && certificateId && env.INTEGRATION_PUBLIC_JWK) {
  await registerIntegration(sql, { clientId, certificateId, publicJwk: env.INTEGRATION_PUBLIC_JWK });
}
const app = netsuiteApp({
  sql,
  concurrency: env.CONCURRENCY_LIMIT,
  latencyMs: env.LATENCY_MS,
  pages: {
    edgeOrigin: env.EDGE_ORIGIN,
    providerOrigin: env.PROVIDER_ORIGIN,
    tourUrl: env.TOUR_URL,
    snippet: { path: env.SNIPPET_PATH, integrity: env.SNIPPET_INTEGRITY },
    embedKey: { id: env.EMBED_KEY_ID, secret: env.EMBED_SECRET },
  },
});
const { close } = await serve({
  name: "netsuite",
  app,
  host: env.HOST,
  port: env.PORT,
  stop: () => sql.end({ timeout: 1 }),
});
stopOnSignal(close);
