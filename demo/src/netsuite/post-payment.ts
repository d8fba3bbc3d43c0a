import type { TransactionSql } from "postgres";
import type { Sql } from "../shared/database.ts";
import { fitsCurrency } from "../shared/decimal.ts";
import { today } from "../shared/seed-plan.ts";
import type { CustomerPaymentBody } from "./customer-payment-body.ts";
import { depositOf } from "./deposit.ts";
import { userError } from "./errors.ts";
import type { Features } from "./features.ts";

export interface PostPayment {
  body: CustomerPaymentBody;
  externalId: string | null;
  features: Features;
  /** Saves it and leaves its first application out. */
  misapply: boolean;
}

/** What the payment is booked as, found out before anything is written. */
interface Booking {
  currency: { id: number; symbol: string };
  subsidiary: number;
  /** null: Undeposited Funds. */
  account: number | null;
  /** The customer's stored card was charged. */
  charged: boolean;
}

interface Application {
  invoice: number;
  amount: number;
  line: number | undefined;
  path: string;
}

/**
 * Books one customer payment and applies it to invoices, whole or not at all. A known external id is refused,
 * whatever the method: what an upsert promises was not seen to hold, and the error was.
 * @returns the record's id @throws RestError `USER_ERROR`
 */
export async function postPayment(sql: Sql, input: PostPayment): Promise<number> {
  return sql.begin(async (tx) => {
    if (input.externalId) await tx`select pg_advisory_xact_lock(hashtextextended(${input.externalId}, 0))`;
    const [known] = input.externalId
      ? await tx`select 1 from suiteql.transaction where type = 'CustPymt' and externalid = ${input.externalId}`
      : [];
    if (known) throw userError("This entity already exists.", "externalId");
    const booking = await bookingOf(tx, input);
    const id = await write(tx, { ...input, booking });
    await apply(tx, id, { ...input, booking });
    return id;
  });
}

async function bookingOf(tx: TransactionSql, { body, features }: PostPayment): Promise<Booking> {
  const [customer] = await tx<{ subsidiary: number }[]>`
    select subsidiary from suiteql.customer where id::text = ${body.customer.id}`;
  if (!customer) {
    throw userError(`Invalid Field Value ${body.customer.id} for the following field: customer`, "customer");
  }
  const wanted = (features.multiCurrency && body.currency?.id) || "1";
  const [currency] = await tx<Booking["currency"][]>`
    select id, symbol from suiteql.currency where id::text = ${wanted}`;
  if (!currency)
    throw userError(`Invalid Field Value ${wanted} for the following field: currency`, "currency");
  if (!fitsCurrency(body.payment, currency.symbol)) {
    throw userError(`Invalid amount for ${currency.symbol}: ${body.payment}`, "payment");
  }
  const subsidiary = features.subsidiaries ? Number(body.subsidiary?.id ?? customer.subsidiary) : 1;
  return {
    currency,
    subsidiary,
    account: await depositOf(tx, { body, features, currency, subsidiary }),
    // The default depends on the payment option, which the customer record may default.
    charged: features.paymentInstruments && body.handlingMode?.id !== "SAVE_ONLY",
  };
}

async function write(tx: TransactionSql, input: PostPayment & { booking: Booking }): Promise<number> {
  const { body, booking } = input;
  const [row] = await tx<{ id: number }[]>`
    with next as (select nextval('erp.transaction_ids') as id)
    insert into suiteql.transaction
      (id, tranid, externalid, type, entity, currency, subsidiary, trandate, foreigntotal, memo)
    select id, 'PYMT-' || id, ${input.externalId}, 'CustPymt', ${body.customer.id}::bigint, ${booking.currency.id}::bigint,
      ${booking.subsidiary}::bigint, ${body.tranDate ?? today()}::date, ${String(body.payment)}::numeric,
      ${body.memo ?? null} from next
    returning id`;
  const id = row?.id ?? 0;
  await tx`
    insert into erp.payment_bodies (payment, body, account, charged)
    values (${id}, ${tx.json(body as never)}, ${booking.account}, ${booking.charged})`;
  return id;
}

async function apply(
  tx: TransactionSql,
  payment: number,
  { body, booking, misapply }: PostPayment & { booking: Booking },
): Promise<void> {
  const items: Application[] = (body.apply?.items ?? [])
    .map((item, index) => ({ ...item, path: `apply.items[${index}]` }))
    .filter((item) => item.apply)
    .map(({ doc, amount, line, path }) => ({
      invoice: Number(doc.id),
      amount: amount ?? body.payment,
      line,
      path,
    }));
  for (const item of items) await applyOne(tx, payment, { item, body, booking });
  if (misapply) {
    await tx`
      with undone as (
        delete from erp.applications where payment = ${payment} and invoice = ${items[0]?.invoice ?? 0} returning *)
      update suiteql.transaction t set foreignamountunpaid = t.foreignamountunpaid + undone.amount
      from undone where t.id = undone.invoice`;
  }
  const [sum] = await tx<{ over: boolean }[]>`
    select coalesce(sum(amount), 0) > ${String(body.payment)}::numeric as over from erp.applications where payment = ${payment}`;
  if (sum?.over) throw userError("The applied amounts exceed the payment amount.", "payment");
}

async function applyOne(
  tx: TransactionSql,
  payment: number,
  { item, body, booking }: { item: Application; body: CustomerPaymentBody; booking: Booking },
): Promise<void> {
  const { invoice, amount, line, path } = item;
  const [open] = await tx<
    { unpaid: string; entity: number; currency: number; subsidiary: number; applyline: number }[]
  >`
    select foreignamountunpaid as unpaid, entity, currency, subsidiary, applyline from suiteql.transaction
    where id = ${invoice} and type = 'CustInvc' and voided = 'F' for update`;
  const ours =
    open &&
    String(open.entity) === body.customer.id &&
    open.currency === booking.currency.id &&
    open.subsidiary === booking.subsidiary;
  if (!ours || (line !== undefined && line !== open.applyline)) {
    throw userError(`Invalid apply reference key ${invoice}.`, `${path}.doc`);
  }
  if (Number(open.unpaid) === 0)
    throw userError(`Transaction ${invoice} is already paid in full.`, `${path}.doc`);
  if (!(amount > 0) || !fitsCurrency(amount, booking.currency.symbol) || amount > Number(open.unpaid)) {
    throw userError(
      `You may not apply ${amount} to transaction ${invoice}: the remaining balance is ${Number(open.unpaid)}.`,
      `${path}.amount`,
    );
  }
  await tx`update suiteql.transaction set foreignamountunpaid = foreignamountunpaid - ${String(amount)}::numeric where id = ${invoice}`;
  await tx`insert into erp.applications values (${payment}, ${invoice}, ${String(amount)}::numeric)`;
}
