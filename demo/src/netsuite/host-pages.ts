import { Hono } from "hono";
import type { Sql } from "../shared/database.ts";
import type { ErpEnv } from "../shared/faults.ts";
import { cardPage } from "./card-page.ts";
import { mintEmbedToken } from "./embed-token.ts";
import type { HostPages } from "./host-setup.ts";
import { ledgerPage } from "./ledger-page.ts";
import { allCustomers, allInvoices, postedPayments } from "./oracle.ts";

/** What a person sees: the customer centre with the form, and the accountant's list. */
export function hostPageRoutes(sql: Sql, pages: HostPages): Hono<ErpEnv> {
  return new Hono<ErpEnv>()
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
        token: await mintEmbedToken({ key: pages.embedKey, customerId: customer.id }),
        locale: c.req.query("locale") ?? null,
        themeMode: c.req.query("theme-mode") ?? null,
      });
    });
}
