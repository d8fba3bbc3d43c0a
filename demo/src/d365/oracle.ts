import { Hono } from "hono";
import type { Sql } from "../shared/database.ts";
import type { ErpEnv } from "../shared/faults.ts";
import { reseed } from "./seed.ts";

export interface OracleLine {
  company: string;
  batch: string;
  line: number;
  customerId: string;
  currency: string;
  /** Decimal text. */
  amount: string;
  date: string;
  /** As sent: `PaymentReference`, `PaymentId`, `PaymentNotes` … */
  reference: string;
  paymentId: string;
  notes: string;
  /** As sent: the display value of the bank account it is deposited to. */
  bank: string;
  voucher: string;
  posted: boolean;
  marked: { invoiceNumber: string; amount: string }[];
  settled: { invoiceNumber: string; amount: string }[];
}

export interface OracleInvoice {
  company: string;
  id: string;
  number: string;
  customerId: string;
  currency: string;
  total: string;
  open: string;
  issuedOn: string;
  dueOn: string;
}

export interface OracleCustomer {
  company: string;
  id: string;
  /** The account record in the model-driven app. */
  guid: string;
  name: string;
  email: string;
}

/** One row a journal line; a payment of several invoices may be several lines under one reference. */
export async function journalLinesPosted(sql: Sql): Promise<OracleLine[]> {
  return sql<OracleLine[]>`
    select l.company, l.batch, l.line, l.account as "customerId", l.currency, l.credit::text as amount,
      l.trans_date::text as date, coalesce(l.fields->>'PaymentReference', '') as reference,
      coalesce(l.fields->>'PaymentId', '') as "paymentId", coalesce(l.fields->>'PaymentNotes', '') as notes,
      coalesce(l.fields->>'OffsetAccountDisplayValue', '') as bank,
      l.voucher, h.posted_at is not null as posted,
      coalesce((select jsonb_agg(jsonb_build_object('invoiceNumber', m.invoice, 'amount', m.amount::text) order by m.invoice)
        from fo.marked_invoices m where (m.company, m.batch, m.line) = (l.company, l.batch, l.line)),
        case when l.marked_invoice = '' then '[]'
          else jsonb_build_array(jsonb_build_object('invoiceNumber', l.marked_invoice, 'amount', l.credit::text)) end) as marked,
      coalesce((select jsonb_agg(jsonb_build_object('invoiceNumber', s.invoice, 'amount', s.amount::text) order by s.invoice)
        from fo.settlements s where (s.company, s.batch, s.line) = (l.company, l.batch, l.line)), '[]') as settled
    from fo.journal_lines l join fo.journal_headers h on (h.company, h.batch) = (l.company, l.batch)
    order by l.created_at desc, l.line desc`;
}

export async function allInvoices(sql: Sql): Promise<OracleInvoice[]> {
  return sql<OracleInvoice[]>`
    select company, recid::text as id, invoice as number, account as "customerId", currency, amount::text as total,
      (amount - settled)::text as open, trans_date::text as "issuedOn", due_date::text as "dueOn"
    from fo.cust_trans where type = 'Sales' order by company desc, account, due_date, recid`;
}

export async function allCustomers(sql: Sql): Promise<OracleCustomer[]> {
  return sql<OracleCustomer[]>`
    select company, account as id, account_guid::text as guid, name, email from fo.customers order by company desc, recid`;
}

export function oracleRoutes(sql: Sql): Hono<ErpEnv> {
  return new Hono<ErpEnv>()
    .get("/demo/payments", async (c) => c.json({ payments: await journalLinesPosted(sql) }))
    .get("/demo/invoices", async (c) => c.json({ invoices: await allInvoices(sql) }))
    .get("/demo/customers", async (c) => c.json({ customers: await allCustomers(sql) }))
    .post("/demo/invoices/:id/pay-in-full", async (c) => {
      const [row] = await sql`
        update fo.cust_trans set settled = amount, closed = current_date, version = version + 1
        where recid::text = ${c.req.param("id")} and type = 'Sales' returning 1`;
      return row ? c.body(null, 204) : c.json({ error: "no such invoice" }, 404);
    })
    .post("/demo/invoices/:id/open", async (c) => {
      const { open } = await c.req.json();
      const [row] = await sql`
        update fo.cust_trans set settled = amount - ${String(open)}::numeric, version = version + 1
        where recid::text = ${c.req.param("id")} and type = 'Sales' returning 1`;
      return row ? c.body(null, 204) : c.json({ error: "no such invoice" }, 404);
    })
    .post("/demo/reset", async (c) => {
      await reseed(sql);
      return c.body(null, 204);
    });
}
