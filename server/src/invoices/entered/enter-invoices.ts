import { createHash } from "node:crypto";
import { type Refused, refused } from "../../../contract/index.ts";
import { auditName } from "../../actor/actor.ts";
import type { Context } from "../../context/context.ts";
import { errorCode } from "../../database/client.ts";
import { toDecimal } from "../../money/money.ts";
import { json } from "../../tenant/tenant-db.ts";
import type { EnteredInvoice } from "./entered-invoice.ts";
import type { EntryFault } from "./entry-fault.ts";
import { alikeFaults } from "./same-file.ts";

export interface JudgedRow {
  row: number;
  id: string;
  verdict: "new" | "changed" | "same";
  /** Minor units; null: the invoice is new. */
  totalWas: bigint | null;
}

export type Entered =
  /** `written: false`: it was asked what would be. Customers are those that are new or known otherwise. */
  | { kind: "entered"; written: boolean; rows: JudgedRow[]; customers: number }
  /** Nothing was written. */
  | { kind: "faults"; faults: EntryFault[] }
  /** `erp_owns_records`: the tenant has an ERP, and its invoices come from there. */
  | Refused;

/** How many of the invoices an audit row names; the digest is of all of them. */
const named = 100;

/**
 * Enters invoices of a tenant without an ERP, all or none of them: one statement. `total` is what is entered, so the same
 * rows again change nothing, and what is open moves by the difference of totals, whatever was paid meanwhile.
 *
 * @param input.apply false: says what would be, and writes nothing
 * @throws TenantUnavailable
 */
export async function enterInvoices(call: {
  ctx: Context;
  input: { invoices: readonly EnteredInvoice[]; apply: boolean };
}): Promise<Entered> {
  const { ctx, input } = call;
  if (await ctx.settings.get("connector")) return refused("erp_owns_records");
  const alike = alikeFaults(input.invoices);
  if (alike.length > 0) return { kind: "faults", faults: alike };
  for (let tries = 1; ; tries++) {
    try {
      return answerOf(await enter(ctx, input), input.invoices);
    } catch (error) {
      // Somebody else has entered one of them since the statement began, so it is to be judged; nothing was written.
      if (tries === 3 || errorCode(error) !== "23505") throw error;
    }
  }
}

interface Row {
  tenant_id: string;
  row: number;
  id: string;
  verdict: JudgedRow["verdict"] | "other_customer" | "other_currency" | "below_paid";
  customer_was: string | null;
  currency_was: string | null;
  total_was: bigint | null;
  least_minor: bigint | null;
  has_erp: boolean;
  written: boolean;
  customers: number;
}

function answerOf(rows: readonly Row[], invoices: readonly EnteredInvoice[]): Entered {
  const [first] = rows;
  if (first?.has_erp) return refused("erp_owns_records");
  const byRow = new Map(invoices.map((invoice) => [invoice.row, invoice]));
  const judged: JudgedRow[] = [];
  const faults: EntryFault[] = [];
  for (const { row, id, verdict, ...was } of rows) {
    const invoice = byRow.get(row);
    if (verdict === "other_customer") {
      faults.push({ row, field: "customerId", code: verdict, values: { value: was.customer_was ?? "" } });
    } else if (verdict === "other_currency") {
      faults.push({ row, field: "currency", code: verdict, values: { value: was.currency_was ?? "" } });
    } else if (verdict === "below_paid") {
      const { currency = "", totalMinor = 0n } = invoice ?? {};
      const values = {
        value: toDecimal(totalMinor, currency),
        least: toDecimal(was.least_minor ?? 0n, currency),
      };
      faults.push({ row, field: "total", code: verdict, values });
    } else judged.push({ row, id, verdict, totalWas: was.total_was });
  }
  if (faults.length > 0) return { kind: "faults", faults };
  return {
    kind: "entered",
    written: first?.written ?? false,
    rows: judged,
    customers: first?.customers ?? 0,
  };
}

/** Rows that are there are locked in the order of their ids, as everywhere, before they are judged. */
async function enter(
  ctx: Context,
  { invoices, apply }: { invoices: readonly EnteredInvoice[]; apply: boolean },
): Promise<Row[]> {
  const tenantId = ctx.tenant.id;
  const rows = invoices.map(({ customer, totalMinor, ...invoice }) => ({
    ...invoice,
    customer: customer.id,
    total: `${totalMinor}`,
  }));
  const customers = [...Map.groupBy(invoices, ({ customer }) => customer.id)].map(([id, of]) => ({
    id,
    name: of.find(({ customer }) => customer.name !== null)?.customer.name ?? null,
    email: of.find(({ customer }) => customer.email !== null)?.customer.email ?? null,
  }));
  const subject = rows.length === 1 ? `invoice:${rows[0]?.id}` : "invoices";
  const sha256 = createHash("sha256").update(JSON.stringify(rows)).digest("hex");
  return ctx.db.query<Row>`
    with entered as (
      select r."row", r.id, number, customer, currency, total, "issuedOn" as issued_on, "dueOn" as due_on
      from jsonb_to_recordset(${json(rows)}::jsonb) as r("row" int, id text, number text, customer text,
        currency text, total bigint, "issuedOn" date, "dueOn" date)
    ), locked as (
      select i.* from pay.invoices i
      where i.tenant_id = ${tenantId}::uuid and i.id = any(${invoices.map(({ id }) => id)}::text[])
      order by i.id for update of i
    ), judged as (
      select e.*, l.customer_id as customer_was, l.currency as currency_was, l.total_minor as total_was,
        l.total_minor - l.open_minor + l.held_minor + l.settled_minor as least_minor,
        case when l.id is null then 'new'
          when l.customer_id <> e.customer then 'other_customer'
          when l.currency <> e.currency then 'other_currency'
          when e.total < l.total_minor
            and e.total < l.total_minor - l.open_minor + l.held_minor + l.settled_minor then 'below_paid'
          when (l.number, l.total_minor, l.issued_on, l.due_on)
            is distinct from (e.number, e.total, e.issued_on, e.due_on) then 'changed'
          else 'same' end as verdict
      -- What is locked was entered, so this is a left join; but one that no plan makes a loop within a loop of.
      from entered e full join locked l on l.id = e.id
    ), erp as (
      select exists (select from pay.settings s
        where s.tenant_id = ${tenantId}::uuid and s.key = 'connector') as here
    ), gate as (
      select ${apply}::boolean and not erp.here
        and not exists (select from judged where verdict not in ('new', 'changed', 'same')) as open
      from erp
    ), client as (
      select g.id, coalesce(g.name, c.name, g.id) as name, coalesce(g.email, c.email) as email
      from jsonb_to_recordset(${json(customers)}::jsonb) as g(id text, name text, email text)
      left join pay.customers c on c.tenant_id = ${tenantId}::uuid and c.id = g.id
      where c.id is null or (coalesce(g.name, c.name), coalesce(g.email, c.email)) is distinct from (c.name, c.email)
    ), customer as (
      insert into pay.customers (tenant_id, id, name, email, synced_at)
      select ${tenantId}::uuid, client.id, client.name, client.email, now()
      from client, gate where gate.open order by client.id
      on conflict (tenant_id, id) do update
        set name = excluded.name, email = excluded.email, synced_at = excluded.synced_at
      returning 1
    ), made as (
      insert into pay.invoices
        (tenant_id, id, customer_id, number, currency, total_minor, open_minor, issued_on, due_on, synced_at)
      select ${tenantId}::uuid, j.id, j.customer, j.number, j.currency, j.total, j.total, j.issued_on, j.due_on, now()
      from judged j, gate, (select count(*) from customer) known
      where gate.open and j.verdict = 'new' order by j.id
      returning 1
    ), moved as (
      update pay.invoices i set number = j.number, total_minor = j.total,
        open_minor = i.open_minor + j.total - i.total_minor, issued_on = j.issued_on, due_on = j.due_on,
        synced_at = clock_timestamp()
      from judged j, gate, (select count(*) from customer) known
      where gate.open and j.verdict = 'changed' and i.tenant_id = ${tenantId}::uuid and i.id = j.id
      returning 1
    ), sums as (
      select (select count(*) from made) as made, (select count(*) from moved) as moved,
        (select count(*) from customer) as customers
    ), audit as (
      -- Reads what the others wrote, for PostgreSQL promises no order: the log's lock is the last to be taken.
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      select ${tenantId}::uuid, ${auditName(ctx.actor)}, 'invoices.entered', ${subject}, jsonb_build_object(
        'new', sums.made, 'changed', sums.moved, 'customers', sums.customers, 'sha256', ${sha256}::text,
        'requestId', ${ctx.requestId}::text, 'invoices', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', told.id, 'totalMinor', told.total::text, 'wasMinor', told.total_was::text)), '[]')
          from (select * from judged where verdict <> 'same' order by "row" limit ${named}) told))
      from sums, (select count(*) from made) a, (select count(*) from moved) b, (select count(*) from customer) c
      where sums.made + sums.moved + sums.customers > 0
      returning 1
    )
    select ${tenantId}::uuid as tenant_id, j."row", j.id, j.verdict, j.customer_was, j.currency_was, j.total_was,
      j.least_minor, erp.here as has_erp, gate.open as written, (select count(*)::int from client) as customers
    from judged j, erp, gate, (select count(*) from audit) audited
    order by j."row"`;
}
