import { z } from "zod";
import { ForeignId } from "../../../contract/index.ts";
import type { Context } from "../../context/context.ts";

/** What somebody who searches may mean. */
export interface Matches {
  paymentIds: string[];
  /** All payments of these. */
  customerIds: string[];
  /** Of these customers the payments that pay an invoice with this number. */
  invoice: { number: string; customerIds: string[] };
}

const mostCustomers = 50;
const mostInvoices = 20;

/**
 * Reads a search: a payment's id, a receipt's number, a customer's id or the beginning of its name, an invoice's number.
 * Each is looked up by an index that row-level security leaves usable: comparisons do, patterns and functions do not.
 * So a name is found as it is written, in small or capital letters, or with a capital first.
 *
 * @throws TenantUnavailable
 */
export async function matchPayments(call: { ctx: Context; input: { q: string } }): Promise<Matches> {
  const { ctx, input } = call;
  const { q } = input;
  if (!ForeignId.safeParse(q).success) return noMatches;
  const names = [...new Set([q, q.toLowerCase(), q.toUpperCase(), capitalised(q)])];
  const rows = await ctx.db.query<{
    tenant_id: string;
    kind: "payment" | "customer" | "invoice";
    id: string;
  }>`
    select tenant_id, 'payment' as kind, id::text as id from pay.payments
    where tenant_id = ${ctx.tenant.id}::uuid and receipt_number = ${q}
    union all
    (select c.tenant_id, 'customer', c.id
    from unnest(${names}::text[]) as n (name) join pay.customers c
      on c.name collate "C" >= n.name and c.name collate "C" < n.name || ${"\u{10ffff}"}
    where c.tenant_id = ${ctx.tenant.id}::uuid limit ${mostCustomers})
    union all
    (select distinct tenant_id, 'invoice', customer_id from pay.invoices
    where tenant_id = ${ctx.tenant.id}::uuid and number = ${q} limit ${mostInvoices})`;
  const of = (kind: string) => rows.filter((row) => row.kind === kind).map(({ id }) => id);
  const ownId = z.uuid().safeParse(q.toLowerCase());
  return {
    paymentIds: [...of("payment"), ...(ownId.success ? [ownId.data] : [])],
    customerIds: [...new Set([q, ...of("customer")])],
    invoice: { number: q, customerIds: of("invoice") },
  };
}

const noMatches: Matches = { paymentIds: [], customerIds: [], invoice: { number: "", customerIds: [] } };

const capitalised = (text: string): string =>
  text
    .toLowerCase()
    .replace(/(^|\s)(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase());
