import { Hono } from "hono";
import type { Sql } from "../shared/database.ts";
import { type ErpEnv, Faults } from "../shared/faults.ts";
import { concurrencyLimit } from "./concurrency.ts";
import { customerPaymentRoutes } from "./customer-payment.ts";
import { tooManyRequests, unavailable } from "./errors.ts";
import { FeatureSwitches } from "./features.ts";
import { hostPageRoutes } from "./host-pages.ts";
import type { HostPages } from "./host-setup.ts";
import { Misapply } from "./misapply.ts";
import { oracleRoutes } from "./oracle.ts";
import { suiteqlRoutes } from "./suiteql.ts";
import { bearer, tokenRoutes } from "./token.ts";

export interface NetsuiteOptions {
  sql: Sql;
  /** Requests at once, all integrations together; a Standard account has 5. */
  concurrency: number;
  /** Added to every API request, ms. */
  latencyMs: number;
  /** Absent: the API alone, without pages to look at. */
  pages?: HostPages;
}

/** The stand-in account: REST API, oracle, and the pages a customer and an accountant look at. */
export function netsuiteApp({ sql, concurrency, latencyMs, pages }: NetsuiteOptions): Hono<ErpEnv> {
  const faults = new Faults({ unavailable, throttled: tooManyRequests, slowMs: 8000 });
  const app = new Hono<ErpEnv>();
  app.get("/healthz", (c) => c.text("ok"));
  const features = new FeatureSwitches();
  const misapply = new Misapply();
  app.route("/", faults.routes());
  app.route("/", features.routes());
  app.route("/", misapply.routes());
  app.route("/", tokenRoutes(sql));
  for (const path of ["/services/rest/query/*", "/services/rest/record/*"]) {
    app.use(path, concurrencyLimit(concurrency));
    app.use(path, async (_c, next) => {
      await new Promise((resolve) => setTimeout(resolve, latencyMs));
      await next();
    });
    app.use(path, bearer(sql));
    app.use(
      path,
      faults.middleware((c) => (c.req.path.includes("/query/") || c.req.method === "GET" ? "read" : "write")),
    );
  }
  app.route("/", suiteqlRoutes(sql, features));
  app.route("/", customerPaymentRoutes({ sql, features, misapply }));
  app.route("/", oracleRoutes(sql));
  if (pages) app.route("/", hostPageRoutes(sql, pages));
  return app;
}
