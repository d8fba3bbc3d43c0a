import { auditName } from "../../actor/actor.ts";
import { json } from "../../tenant/tenant-db.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";

/** Days from today: negative are past. */
interface Sample {
  number: string;
  currency: string;
  totalMinor: string;
  issued: number;
  due: number;
}

const samples: { id: string; name: string; invoices: Sample[] }[] = [
  {
    id: "1001",
    name: "Northwind Traders",
    invoices: [
      { number: "INV-1", currency: "USD", totalMinor: "125000", issued: -50, due: -20 },
      { number: "INV-2", currency: "USD", totalMinor: "48050", issued: -33, due: -3 },
      { number: "INV-3", currency: "USD", totalMinor: "9900", issued: -18, due: 12 },
      { number: "INV-4", currency: "USD", totalMinor: "310025", issued: -2, due: 28 },
      { number: "INV-5", currency: "EUR", totalMinor: "76000", issued: -2, due: 28 },
    ],
  },
  {
    id: "1002",
    name: "Blue Harbor Café",
    invoices: [
      { number: "INV-6", currency: "USD", totalMinor: "2350", issued: -35, due: -5 },
      { number: "INV-7", currency: "USD", totalMinor: "64000", issued: -5, due: 25 },
    ],
  },
];

/** Sample customers as the command line tells of them. */
export const sampleCustomers = samples.map(({ id, name, invoices }) => ({
  id,
  name,
  invoices: invoices.length,
}));

/**
 * Customers and invoices to try a tenant out with, once: nothing where it has customers already. One statement.
 *
 * @returns whether they were written now
 */
export async function writeSamples({ ctx }: { ctx: OpenTenant }): Promise<boolean> {
  const { slug } = ctx.tenant;
  const customers = samples.map(({ id, name }) => ({ id, name, email: `customer-${id}@${slug}.test` }));
  const invoices = samples.flatMap(({ id, invoices }) =>
    invoices.map((invoice) => ({ ...invoice, id: `sample-${invoice.number.toLowerCase()}`, customer: id })),
  );
  const written = await ctx.db.query`
    with customer as (
      insert into pay.customers (tenant_id, id, name, email, synced_at)
      select ${ctx.tenant.id}::uuid, id, name, email, now()
      from jsonb_to_recordset(${json(customers)}::jsonb) as c (id text, name text, email text)
      where not exists (select from pay.customers)
      on conflict do nothing
      returning tenant_id, id
    ), invoice as (
      insert into pay.invoices
        (tenant_id, id, customer_id, number, currency, total_minor, open_minor, issued_on, due_on, synced_at)
      select customer.tenant_id, i.id, customer.id, number, currency, "totalMinor", "totalMinor",
        current_date + issued, current_date + due, now()
      from jsonb_to_recordset(${json(invoices)}::jsonb) as i
        (id text, customer text, number text, currency text, "totalMinor" bigint, issued int, due int)
      join customer on customer.id = i.customer
      order by i.id
      on conflict do nothing
      returning tenant_id
    )
    insert into pay.audit_log (tenant_id, actor, action, subject, detail)
    select tenant_id, ${auditName(ctx.actor)}, 'tenant.samples', ${slug}, jsonb_build_object('invoices', count(*))
    from invoice group by tenant_id
    returning tenant_id`;
  return written.length > 0;
}
