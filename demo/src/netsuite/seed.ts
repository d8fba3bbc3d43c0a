import type { TransactionSql } from "postgres";
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

/** OneWorld: an account belongs to subsidiaries, a bank's to a currency too. */
const subsidiaries = [
  { id: 1, name: "Parent Company", currency: 1 },
  { id: 2, name: "Euro Sub", currency: 2 },
];
const accounts = [
  { id: 1, name: "USD Operating", type: "Bank", currency: 1, subsidiaries: [1] },
  { id: 2, name: "EUR Operating", type: "Bank", currency: 2, subsidiaries: [1] },
  { id: 3, name: "JPY Operating", type: "Bank", currency: 3, subsidiaries: [1] },
  { id: 4, name: "KWD Operating", type: "Bank", currency: 4, subsidiaries: [1] },
  { id: 5, name: "EUR Sub", type: "Bank", currency: 2, subsidiaries: [2] },
  { id: 6, name: "USD Closed", type: "Bank", currency: 1, subsidiaries: [1], inactive: true },
  // Emptied by the processor's payouts.
  { id: 7, name: "Card Clearing", type: "OthCurrAsset", currency: null, subsidiaries: [1, 2] },
];

interface PlannedCustomer {
  id: number;
  name: string;
  email: string;
  /** Default the parent. */
  subsidiary?: number;
  invoices: PlannedInvoice[];
}

const customers: PlannedCustomer[] = [
  { id: 1042, name: "Northgate Millworks", email: "payables@northgate.test", invoices: everyday },
  { id: 1043, name: "Tidewater Global Trading", email: "finance@tidewater.test", invoices: currencies },
  {
    ...{ id: 1044, name: "Rheintal Antriebe GmbH", email: "buchhaltung@rheintal.test" },
    ...{ subsidiary: 2, invoices: european },
  },
  { id: 1045, name: "Cascade Retail Group", email: "ap@cascade.test", invoices: many },
  { id: 1046, name: "Freshwater Labs", email: "hello@freshwater.test", invoices: [] },
];

/** Internal ids as in a new account: the base currency is 1. */
const currencyIds: Record<PlannedInvoice["currency"], number> = { USD: 1, EUR: 2, JPY: 3, KWD: 4 };

/** Fills an empty account; one that has customers stays as it is. */
export async function seedOnce(sql: Sql): Promise<void> {
  const [known] = await sql`select 1 from suiteql.customer limit 1`;
  if (!known) return reseed(sql);
  // An account of before there were any.
  const [account] = await sql`select 1 from suiteql.account limit 1`;
  if (!account) await sql.begin(addAccounts);
}

/** Back to the first day: all records anew, dates counted from today. Keys and tokens stay. */
export async function reseed(sql: Sql, firstDay: string = today()): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`truncate suiteql.transaction, suiteql.customer, suiteql.currency, suiteql.account, suiteql.subsidiary, erp.applications, erp.payment_bodies cascade`;
    await tx`select setval('erp.transaction_ids', 5000)`;
    await tx`insert into suiteql.currency ${tx([
      { id: 1, symbol: "USD", name: "US Dollar", exchangerate: 1 },
      { id: 2, symbol: "EUR", name: "Euro", exchangerate: 1.08 },
      { id: 3, symbol: "JPY", name: "Japanese Yen", exchangerate: 0.0067 },
      { id: 4, symbol: "KWD", name: "Kuwaiti Dinar", exchangerate: 3.25 },
    ])}`;
    await addAccounts(tx);
    let number = 10_040;
    for (const { id, name, email, subsidiary = 1, invoices } of customers) {
      await tx`
        insert into suiteql.customer (id, entityid, companyname, email, subsidiary)
        values (${id}, ${`CUST-${id}`}, ${name}, ${email}, ${subsidiary})`;
      for (const planned of invoices) {
        number += 1;
        await tx`
          insert into suiteql.transaction
            (tranid, type, entity, currency, subsidiary, trandate, duedate, foreigntotal, foreignamountunpaid)
          values (${`INV-${number}`}, 'CustInvc', ${id}, ${currencyIds[planned.currency]}, ${subsidiary},
            ${dayFrom(firstDay, planned.issuedDay)}, ${dayFrom(firstDay, planned.dueDay)},
            ${planned.total}, ${planned.open})`;
      }
    }
    await tx`insert into erp.meta values ('first_day', ${firstDay}) on conflict (key) do update set value = excluded.value`;
  });
}

async function addAccounts(tx: TransactionSql): Promise<void> {
  await tx`insert into suiteql.subsidiary ${tx(subsidiaries)}`;
  for (const { id, name, type, currency, subsidiaries: of, inactive } of accounts) {
    await tx`
      insert into suiteql.account (id, acctnumber, fullname, accttype, currency, isinactive)
      values (${id}, ${`10${id}0`}, ${name}, ${type}, ${currency}, ${inactive ? "T" : "F"})`;
    for (const subsidiary of of)
      await tx`insert into suiteql.accountsubsidiarymap values (${id}, ${subsidiary})`;
  }
}
