import { Hono } from "hono";
import type { Sql } from "../shared/database.ts";
import { type ErpEnv, Faults } from "../shared/faults.ts";
import { journalHeaders } from "./entities/journal-headers.ts";
import { journalLines } from "./entities/journal-lines.ts";
import { markedInvoices } from "./entities/marked-invoices.ts";
import { customers, custTrans } from "./entities/receivables.ts";
import { bankAccounts, journalNameSet } from "./entities/set-up.ts";
import { bearer, entraRoutes } from "./entra.ts";
import { throttled, unavailable } from "./errors.ts";
import { hostPageRoutes } from "./host-pages.ts";
import type { HostPages } from "./host-setup.ts";
import type { EntitySet } from "./odata/entity.ts";
import { odataRoutes } from "./odata/routes.ts";
import { oracleRoutes } from "./oracle.ts";
import type { PostingJob } from "./posting.ts";
import { type RateLimit, rateLimit } from "./rate-limit.ts";
import { unmarking } from "./unmarking.ts";

const sets: Record<string, EntitySet> = {
  CustomersV3: customers,
  CustTransBiEntities: custTrans,
  CustomerPaymentJournalHeaders: journalHeaders,
  CustomerPaymentJournalLines: journalLines,
  PaymentJournalLineSettledInvoices: markedInvoices,
  JournalNames: journalNameSet,
  BankAccounts: bankAccounts,
};

export interface D365Options {
  sql: Sql;
  posting: PostingJob;
  rate: RateLimit;
  /** Added to every API request, ms. */
  latencyMs: number;
  /** Records a page at most. */
  pageSize: number;
  /** The legal entity of the application's user: what it writes without saying where goes there. Default `dat`. */
  defaultCompany?: string;
  /** Absent: the API alone, without pages to look at. */
  pages?: HostPages;
}

/** The stand-in environment: sign-in, data entities, oracle, and the pages people look at. */
export function d365App(options: D365Options): Hono<ErpEnv> {
  const { sql, posting, rate, latencyMs, pageSize, pages, defaultCompany = "dat" } = options;
  const faults = new Faults({ unavailable, throttled: (c) => throttled(c), slowMs: 8000 });
  const app = new Hono<ErpEnv>();
  app.get("/healthz", (c) => c.text("ok"));
  app.route("/", faults.routes());
  app.route("/", posting.routes());
  app.route("/", unmarking.routes());
  app.route("/", entraRoutes(sql));
  app.use("/data/*", bearer(sql), rateLimit(rate), async (_c, next) => {
    await new Promise((resolve) => setTimeout(resolve, latencyMs));
    await next();
  });
  app.use(
    "/data/*",
    faults.middleware((c) => (c.req.method === "GET" ? "read" : "write")),
  );
  app.route("/", odataRoutes({ sql, sets, defaultCompany, pageSize }));
  app.route("/", oracleRoutes(sql));
  if (pages) app.route("/", hostPageRoutes(sql, pages));
  return app;
}
