import { Hono } from "hono";
import type { Sql } from "../shared/database.ts";
import type { ErpEnv } from "../shared/faults.ts";
import { reseed } from "./seed.ts";

export interface OraclePayment {
  /** Internal id of the record. */
  id: string;
  number: string;
  externalId: string | null;
  customerId: string;
  currency: string;
  /** Decimal text, as booked. */
  amount: string;
  date: string;
  memo: string | null;
  applied: { invoiceId: string; invoiceNumber: string; amount: string }[];
  /** How often the record was written: what wrote it again shows here and nowhere else. */
  writes: number;
  /** Internal id of the account it was deposited to; null: Undeposited Funds. */
  accountId: string | null;
  subsidiaryId: string;
  /** NetSuite charged the customer's stored card for it, a second time. */
  charged: boolean;
  body: unknown;
}

export interface OracleInvoice {
  id: string;
  number: string;
  customerId: string;
  currency: string;
  total: string;
  open: string;
  issuedOn: string;
  dueOn: string;
}

/** What happened in the account, for tests and for the page. */
export async function postedPayments(sql: Sql): Promise<OraclePayment[]> {
  return sql<OraclePayment[]>`
    select t.id::text, t.tranid as number, t.externalid as "externalId", t.entity::text as "customerId",
      y.symbol as currency, t.foreigntotal::text as amount, t.trandate::text as date, t.memo, b.writes, b.body,
      b.account::text as "accountId", t.subsidiary::text as "subsidiaryId", b.charged,
      coalesce((select jsonb_agg(jsonb_build_object('invoiceId', a.invoice::text, 'invoiceNumber', i.tranid, 'amount', a.amount::text) order by a.invoice)
        from erp.applications a join suiteql.transaction i on i.id = a.invoice where a.payment = t.id), '[]') as applied
    from suiteql.transaction t
    join suiteql.currency y on y.id = t.currency
    join erp.payment_bodies b on b.payment = t.id
    where t.type = 'CustPymt' order by t.id desc`;
}

export async function allInvoices(sql: Sql): Promise<OracleInvoice[]> {
  return sql<OracleInvoice[]>`
    select t.id::text, t.tranid as number, t.entity::text as "customerId", y.symbol as currency,
      t.foreigntotal::text as total, t.foreignamountunpaid::text as open,
      t.trandate::text as "issuedOn", t.duedate::text as "dueOn"
    from suiteql.transaction t join suiteql.currency y on y.id = t.currency
    where t.type = 'CustInvc' order by t.entity, t.duedate, t.id`;
}

export async function allCustomers(sql: Sql): Promise<{ id: string; name: string; email: string }[]> {
  return sql<{ id: string; name: string; email: string }[]>`
    select id::text, companyname as name, email from suiteql.customer order by id`;
}

/** `GET /demo/payments`, `/demo/invoices`, `POST /demo/reset`, and a way to close an invoice behind the payer's back. */
export function oracleRoutes(sql: Sql): Hono<ErpEnv> {
  return new Hono<ErpEnv>()
    .get("/demo/payments", async (c) => c.json({ payments: await postedPayments(sql) }))
    .get("/demo/invoices", async (c) => c.json({ invoices: await allInvoices(sql) }))
    .get("/demo/customers", async (c) => c.json({ customers: await allCustomers(sql) }))
    .post("/demo/invoices/:id/pay-in-full", async (c) => {
      const [row] = await sql`
        update suiteql.transaction set foreignamountunpaid = 0
        where id::text = ${c.req.param("id")} and type = 'CustInvc' returning id`;
      return row ? c.body(null, 204) : c.json({ error: "no such invoice" }, 404);
    })
    .post("/demo/invoices/:id/open", async (c) => {
      const { open } = await c.req.json();
      const [row] = await sql`
        update suiteql.transaction set foreignamountunpaid = ${String(open)}::numeric
        where id::text = ${c.req.param("id")} and type = 'CustInvc' returning id`;
      return row ? c.body(null, 204) : c.json({ error: "no such invoice" }, 404);
    })
    .post("/demo/payments/:id/apply", async (c) => {
      const { invoiceId, amount } = await c.req.json();
      await sql`insert into erp.applications values (${c.req.param("id")}, ${invoiceId}, ${String(amount)}::numeric)`;
      await sql`
        update suiteql.transaction set foreignamountunpaid = foreignamountunpaid - ${String(amount)}::numeric
        where id::text = ${String(invoiceId)}`;
      return c.body(null, 204);
    })
    .post("/demo/invoices/:id/instalments", async (c) => {
      const [row] = await sql`
        update suiteql.transaction set applyline = 1
        where id::text = ${c.req.param("id")} and type = 'CustInvc' returning id`;
      return row ? c.body(null, 204) : c.json({ error: "no such invoice" }, 404);
    })
    .post("/demo/reset", async (c) => {
      await reseed(sql);
      return c.body(null, 204);
    });
}
