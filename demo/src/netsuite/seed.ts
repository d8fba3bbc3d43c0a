import type { Sql } from "../shared/database.ts";
import {
  currencies,
  dayFrom,
  european,
  everyday,
  many,
  type PlannedInvoice,
  today,
} from "../shared/seed-plan.ts";

const customers: { id: number; name: string; email: string; invoices: PlannedInvoice[] }[] = [
  { id: 1042, name: "Northgate Millworks", email: "payables@northgate.test", invoices: everyday },
  { id: 1043, name: "Tidewater Global Trading", email: "finance@tidewater.test", invoices: currencies },
  { id: 1044, name: "Rheintal Antriebe GmbH", email: "buchhaltung@rheintal.test", invoices: european },
  { id: 1045, name: "Cascade Retail Group", email: "ap@cascade.test", invoices: many },
  { id: 1046, name: "Freshwater Labs", email: "hello@freshwater.test", invoices: [] },
];

/** Internal ids as in a new account: the base currency is 1. */
const currencyIds: Record<PlannedInvoice["currency"], number> = { USD: 1, EUR: 2, JPY: 3, KWD: 4 };

/** Fills an empty account; one that has customers stays as it is. */
export async function seedOnce(sql: Sql): Promise<void> {
  const [known] = await sql`select 1 from suiteql.customer limit 1`;
  if (!known) await reseed(sql);
}

/** Back to the first day: all records anew, dates counted from today. Keys and tokens stay. */
export async function reseed(sql: Sql, firstDay: string = today()): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`truncate suiteql.transaction, suiteql.customer, suiteql.currency, erp.applications, erp.payment_bodies cascade`;
    await tx`select setval('erp.transaction_ids', 5000)`;
    await tx`insert into suiteql.currency ${tx([
      { id: 1, symbol: "USD", name: "US Dollar", exchangerate: 1 },
      { id: 2, symbol: "EUR", name: "Euro", exchangerate: 1.08 },
      { id: 3, symbol: "JPY", name: "Japanese Yen", exchangerate: 0.0067 },
      { id: 4, symbol: "KWD", name: "Kuwaiti Dinar", exchangerate: 3.25 },
    ])}`;
    let number = 10_040;
    for (const { id, name, email, invoices } of customers) {
      await tx`insert into suiteql.customer (id, entityid, companyname, email) values (${id}, ${`CUST-${id}`}, ${name}, ${email})`;
      for (const planned of invoices) {
        number += 1;
        await tx`
          insert into suiteql.transaction
            (tranid, type, entity, currency, trandate, duedate, foreigntotal, foreignamountunpaid)
          values (${`INV-${number}`}, 'CustInvc', ${id}, ${currencyIds[planned.currency]},
            ${dayFrom(firstDay, planned.issuedDay)}, ${dayFrom(firstDay, planned.dueDay)},
            ${planned.total}, ${planned.open})`;
      }
    }
    await tx`insert into erp.meta values ('first_day', ${firstDay}) on conflict (key) do update set value = excluded.value`;
  });
}
