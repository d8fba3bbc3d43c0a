/** The stand-in Dynamics 365 environment as a process of its own; environment.ts says what it reads. */
import { environmentAtStart, onTerminal } from "@clarity/server/contract/environment";
import { openDatabase } from "../shared/database.ts";
import { serve, stopOnSignal } from "../shared/serve.ts";
import { d365App } from "./app.ts";
import { registerClient } from "./entra.ts";
import { d365Environment } from "./environment.ts";
import { PostingJob } from "./posting.ts";
import { schema } from "./schema.ts";
import { seedOnce } from "./seed.ts";

const env = environmentAtStart(d365Environment, onTerminal);
const sql = await openDatabase(env.DATABASE_URL, schema);
await seedOnce(sql);
const { CLIENT_ID: clientId, CLIENT_SECRET: clientSecret } = env;
if (clientId && clientSecret) await registerClient(sql, { clientId, clientSecret });
const posting = new PostingJob(sql, env.POSTING_DELAY_MS);
const app = d365App({
  sql,
  posting,
  rate: { requests: env.RATE_LIMIT, windowMs: env.RATE_WINDOW_MS },
  latencyMs: env.LATENCY_MS,
  pageSize: env.PAGE_SIZE,
  defaultCompany: env.DEFAULT_COMPANY,
  pages: {
    edgeOrigin: env.EDGE_ORIGIN,
    tourUrl: env.TOUR_URL,
    loader: { path: env.LOADER_PATH, integrity: env.LOADER_INTEGRITY },
    embedKey: { id: env.EMBED_KEY_ID, privateJwk: env.EMBED_PRIVATE_JWK },
  },
});
const { close } = await serve({
  name: "d365",
  app,
  host: env.HOST,
  port: env.PORT,
  stop: async () => {
    await posting.stop();
    await sql.end({ timeout: 1 });
  },
});
posting.start();
stopOnSignal(close);
