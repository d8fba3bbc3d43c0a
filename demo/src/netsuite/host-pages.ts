import { Hono } from "hono";
import type { Sql } from "../shared/database.ts";
import type { ErpEnv } from "../shared/faults.ts";
import { websiteRoutes } from "../website/routes.ts";
import { cardPage } from "./card-page.ts";
import { mintEmbedToken } from "./embed-token.ts";
import type { HostPages } from "./host-setup.ts";
import { ledgerPage } from "./ledger-page.ts";
import { allCustomers, allInvoices, postedPayments } from "./oracle.ts";

/** What a person sees: the customer centre with the form, the accountant's list, and the seller's own website. */
export function hostPageRoutes(sql: Sql, pages: HostPages): Hono<ErpEnv> {
  const mintToken = (customerId: string) => mintEmbedToken({ key: pages.embedKey, customerId });
  return new Hono<ErpEnv>()
    .route("/", websiteRoutes({ ...pages, mintToken }))
    .get("/", async (c) =>
      ledgerPage(c, {
        customers: await allCustomers(sql),
        invoices: await allInvoices(sql),
        payments: await postedPayments(sql),
        tourUrl: pages.tourUrl,
      }),
    )
    .get("/app/center/card.nl", async (c) => {
      const customers = await allCustomers(sql);
      const customer = customers.find(({ id }) => id === c.req.query("customer")) ?? customers[0];
      if (!customer) return c.text("The account has no customers.", 404);
      const invoices = (await allInvoices(sql)).filter(({ customerId }) => customerId === customer.id);
      return cardPage(c, {
        customer,
        customers,
        invoices,
        pages,
        token: await mintToken(customer.id),
        locale: c.req.query("locale") ?? null,
        themeMode: c.req.query("theme-mode") ?? null,
      });
    });
}
