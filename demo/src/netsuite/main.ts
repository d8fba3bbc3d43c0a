/** The stand-in NetSuite account as a process of its own; see README.md for its environment. */
import { openDatabase } from "../shared/database.ts";
import { integer, optional, required } from "../shared/environment.ts";
import { serve, stopOnSignal } from "../shared/serve.ts";
import { netsuiteApp } from "./app.ts";
import { schema } from "./schema.ts";
import { seedOnce } from "./seed.ts";
import { registerIntegration } from "./token.ts";

const sql = await openDatabase(required("DATABASE_URL"), schema);
await seedOnce(sql);
if (process.env.INTEGRATION_PUBLIC_JWK) {
  await registerIntegration(sql, {
    clientId: required("INTEGRATION_CLIENT_ID"),
    certificateId: required("INTEGRATION_CERT_ID"),
    publicJwk: JSON.parse(process.env.INTEGRATION_PUBLIC_JWK),
  });
}
const app = netsuiteApp({
  sql,
  concurrency: integer("CONCURRENCY_LIMIT", 5),
  latencyMs: integer("LATENCY_MS", 30),
  pages: {
    edgeOrigin: required("EDGE_ORIGIN"),
    providerOrigin: required("PROVIDER_ORIGIN"),
    tourUrl: optional("TOUR_URL", "/"),
    snippet: { path: required("SNIPPET_PATH"), integrity: required("SNIPPET_INTEGRITY") },
    embedKey: { id: required("EMBED_KEY_ID"), secret: required("EMBED_SECRET") },
  },
});
const { close } = await serve({
  name: "netsuite",
  app,
  host: optional("HOST", "127.0.0.1"),
  port: integer("PORT", 4003),
  stop: () => sql.end({ timeout: 1 }),
});
stopOnSignal(close);
