import { Hono } from "hono";
import type { Sql } from "../shared/database.ts";
import type { ErpEnv } from "../shared/faults.ts";
import { mintEmbedToken } from "./embed-token.ts";
import { formPage } from "./form-page.ts";
import type { HostPages } from "./host-setup.ts";
import { allCustomers, allInvoices, journalLinesPosted, type OracleCustomer } from "./oracle.ts";
import { dataverseError, TokenParameters, tokenPath } from "./pay-token.ts";
import { recordsPage } from "./records-page.ts";
import {
  formScriptFrame,
  webResource,
  webResourcePath,
  webResourcePolicy,
} from "./web-resource/web-resource.ts";

/** What a person sees: the account form with the web resource in it, and the accountant's list. */
export function hostPageRoutes(sql: Sql, pages: HostPages): Hono<ErpEnv> {
  return new Hono<ErpEnv>()
    .get("/", async (c) =>
      recordsPage(c, {
        customers: await allCustomers(sql),
        invoices: await allInvoices(sql),
        lines: await journalLinesPosted(sql),
        tourUrl: pages.tourUrl,
      }),
    )
    .get("/main.aspx", async (c) => {
      const customers = (await allCustomers(sql)).filter(({ company }) => company === "usmf");
      const customer = byGuid(customers, c.req.query("id")) ?? customers[0];
      if (!customer) return c.text("The environment has no customers.", 404);
      const invoices = (await allInvoices(sql)).filter(
        ({ company, customerId }) => company === customer.company && customerId === customer.id,
      );
      return formPage(c, {
        customer,
        customers,
        invoices,
        pages,
        locale: c.req.query("locale") ?? "en",
        themeMode: c.req.query("theme-mode") ?? null,
      });
    })
    .get(webResourcePath, (c) => {
      c.header("content-security-policy", webResourcePolicy);
      c.header("x-content-type-options", "nosniff");
      return c.html(webResource(pages));
    })
    .get(formScriptFrame.path, (c) => {
      c.header("content-security-policy", "default-src 'none'; frame-ancestors 'self'");
      return c.html(formScriptFrame.html);
    })
    .post(tokenPath, async (c) => {
      // Only our own pages may ask: a token opens a customer's invoices.
      if (c.req.header("origin") !== new URL(c.req.url).origin)
        return c.json(dataverseError("0x80040220", "SecLib::CheckPrivilege failed."), 403);
      const asked = TokenParameters.safeParse(await c.req.json().catch(() => null));
      if (!asked.success) {
        return c.json(
          dataverseError("0x80048d19", `Error identified in Payload: ${asked.error.message}`),
          400,
        );
      }
      const customer = byGuid(await allCustomers(sql), asked.data.id);
      if (!customer) return c.json(dataverseError("0x80040217", "Entity 'account' Does Not Exist"), 404);
      c.header("cache-control", "no-store");
      const token = await mintEmbedToken({ key: pages.embedKey, customerId: customer.id });
      return c.json({ "@odata.context": "#Microsoft.Dynamics.CRM.contoso_GetPayTokenResponse", token });
    });
}

/** `{GUID}` in any case, braces or not, as the host's own links write it. */
function byGuid(customers: OracleCustomer[], id: string | undefined): OracleCustomer | undefined {
  const guid = (id ?? "").replace(/[{}]/g, "").toLowerCase();
  return customers.find((customer) => customer.guid === guid);
}
