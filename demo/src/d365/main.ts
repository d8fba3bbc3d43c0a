/** The stand-in Dynamics 365 environment as a process of its own; see README.md for its environment. */
import { openDatabase } from "../shared/database.ts";
import { integer, optional, required } from "../shared/environment.ts";
import { serve, stopOnSignal } from "../shared/serve.ts";
import { d365App } from "./app.ts";
import { registerClient } from "./entra.ts";
import { PostingJob } from "./posting.ts";
import { schema } from "./schema.ts";
import { seedOnce } from "./seed.ts";

const sql = await openDatabase(required("DATABASE_URL"), schema);
await seedOnce(sql);
if (process.env.CLIENT_ID) {
  await registerClient(sql, { clientId: process.env.CLIENT_ID, clientSecret: required("CLIENT_SECRET") });
}
const posting = new PostingJob(sql, integer("POSTING_DELAY_MS", 1500));
const app = d365App({
  sql,
  posting,
  rate: { requests: integer("RATE_LIMIT", 6000), windowMs: integer("RATE_WINDOW_MS", 300_000) },
  latencyMs: integer("LATENCY_MS", 30),
  pageSize: integer("PAGE_SIZE", 10_000),
  defaultCompany: optional("DEFAULT_COMPANY", "dat"),
  pages: {
    edgeOrigin: required("EDGE_ORIGIN"),
    tourUrl: optional("TOUR_URL", "/"),
    loader: { path: required("LOADER_PATH"), integrity: required("LOADER_INTEGRITY") },
    embedKey: { id: required("EMBED_KEY_ID"), privateJwk: JSON.parse(required("EMBED_PRIVATE_JWK")) },
  },
});
const { close } = await serve({
  name: "d365",
  app,
  host: optional("HOST", "127.0.0.1"),
  port: integer("PORT", 4004),
  stop: async () => {
    await posting.stop();
    await sql.end({ timeout: 1 });
  },
});
posting.start();
stopOnSignal(close);
