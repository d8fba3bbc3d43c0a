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

interface PlannedCustomer {
  account: string;
  guid: string;
  name: string;
  email: string;
  currency: string;
  invoices: PlannedInvoice[];
}

/** Hyphens in the account numbers are on purpose: display values escape them. */
const usmf: PlannedCustomer[] = [
  {
    account: "US-001",
    guid: "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    name: "Harborview Wholesales",
    email: "payables@harborview.test",
    currency: "USD",
    invoices: everyday,
  },
  {
    account: "US-027",
    guid: "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    name: "Birchmoor Electronics",
    email: "ap@birchmoor.test",
    currency: "USD",
    invoices: many,
  },
  {
    account: "JP-011",
    guid: "16fd2706-8baf-433b-82eb-8c7fada847da",
    name: "Aozora Instruments",
    email: "keiri@aozora.test",
    currency: "JPY",
    invoices: currencies,
  },
  {
    account: "DE-004",
    guid: "886313e1-3b8a-4372-9b90-0c9aee199e5d",
    name: "Nordlicht Werkzeuge",
    email: "buchhaltung@nordlicht.test",
    currency: "EUR",
    invoices: european,
  },
  {
    account: "US-099",
    guid: "a8098c1a-f86e-41da-bd1a-00112444be1e",
    name: "Quiet Creek Orchards",
    email: "office@quietcreek.test",
    currency: "USD",
    invoices: [],
  },
];
/** Another legal entity that knows the same account number: who forgets `dataAreaId` mixes them up. */
const demf: PlannedCustomer[] = [
  {
    account: "US-001",
    guid: "0e984725-c51c-4bf4-9960-e1c80e27aba0",
    name: "Harborview Europe",
    email: "eu@harborview.test",
    currency: "EUR",
    invoices: european,
  },
];

const banks = [
  { company: "usmf", account: "USMF OPER", currency: "USD", additional: true },
  { company: "usmf", account: "USMF EUR", currency: "EUR", additional: false },
  { company: "usmf", account: "USMF USD", currency: "USD", additional: false },
  { company: "demf", account: "DEMF OPER", currency: "EUR", additional: true },
];

export async function seedOnce(sql: Sql): Promise<void> {
  const [known] = await sql`select 1 from fo.customers limit 1`;
  if (!known) return reseed(sql);
  // An environment of before there were any.
  const [bank] = await sql`select 1 from fo.banks limit 1`;
  if (!bank) await sql`insert into fo.banks ${sql(banks)}`;
}

/** Back to the first day: all records anew, dates counted from today. Clients and tokens stay. */
export async function reseed(sql: Sql, firstDay: string = today()): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`truncate fo.customers, fo.cust_trans, fo.banks, fo.journal_headers, fo.journal_lines, fo.marked_invoices, fo.settlements cascade`;
    await tx`select setval('fo.recids', 5637144576), setval('fo.batch_numbers', 420), setval('fo.vouchers', 10209)`;
    await tx`insert into fo.banks ${tx(banks)}`;
    let number = 700;
    for (const [company, customers] of Object.entries({ usmf, demf })) {
      for (const { account, guid, name, email, currency, invoices } of customers) {
        await tx`
          insert into fo.customers (company, account, account_guid, name, email, currency)
          values (${company}, ${account}, ${guid}, ${name}, ${email}, ${currency})`;
        for (const planned of invoices) {
          number += 1;
          const text = `CIV-${String(number).padStart(6, "0")}`;
          await tx`
            insert into fo.cust_trans (company, account, type, invoice, voucher, currency, amount, settled, trans_date, due_date)
            values (${company}, ${account}, 'Sales', ${text}, ${`SIV-${number}`}, ${planned.currency}, ${planned.total},
              ${planned.total}::numeric - ${planned.open}::numeric,
              ${dayFrom(firstDay, planned.issuedDay)}, ${dayFrom(firstDay, planned.dueDay)})`;
        }
      }
    }
    await tx`insert into fo.meta values ('first_day', ${firstDay}) on conflict (key) do update set value = excluded.value`;
  });
}
