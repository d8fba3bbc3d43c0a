import type { TransactionSql } from "postgres";
import type { Sql } from "../shared/database.ts";
import { fitsCurrency } from "../shared/decimal.ts";
import { today } from "../shared/seed-plan.ts";
import type { CustomerPaymentBody } from "./customer-payment-body.ts";
import { userError } from "./errors.ts";

export interface PostPayment {
  body: CustomerPaymentBody;
  externalId: string | null;
  /** `upsert`: the same external id again writes the same record again. `insert` refuses it. */
  mode: "upsert" | "insert";
}

interface Application {
  invoice: number;
  amount: number;
  path: string;
}

/**
 * Books one customer payment and applies it to invoices, whole or not at all. An upsert takes the
 * earlier applications back first, so the record ends as its last write says, however often it came.
 * @throws RestError `USER_ERROR`
 */
export async function postPayment(sql: Sql, input: PostPayment): Promise<{ id: number; created: boolean }> {
  return sql.begin(async (tx) => {
    if (input.externalId) await tx`select pg_advisory_xact_lock(hashtextextended(${input.externalId}, 0))`;
    const [known] = input.externalId
      ? await tx<{ id: number }[]>`
          select id from suiteql.transaction where type = 'CustPymt' and externalid = ${input.externalId}`
      : [];
    if (known && input.mode === "insert") throw userError("This record already exists.", "externalId");
    if (known) await unapply(tx, known.id);
    const currency = await currencyOf(tx, input.body);
    const id = await write(tx, { ...input, known: known?.id, currency });
    await apply(tx, id, { body: input.body, currency });
    return { id, created: !known };
  });
}

interface Currency {
  id: number;
  symbol: string;
}

async function currencyOf(tx: TransactionSql, body: CustomerPaymentBody): Promise<Currency> {
  const [customer] = await tx`select 1 from suiteql.customer where id::text = ${body.customer.id}`;
  if (!customer) {
    throw userError(`Invalid Field Value ${body.customer.id} for the following field: customer`, "customer");
  }
  const wanted = body.currency?.id ?? "1";
  const [currency] = await tx<Currency[]>`select id, symbol from suiteql.currency where id::text = ${wanted}`;
  if (!currency)
    throw userError(`Invalid Field Value ${wanted} for the following field: currency`, "currency");
  if (!fitsCurrency(body.payment, currency.symbol)) {
    throw userError(`Invalid amount for ${currency.symbol}: ${body.payment}`, "payment");
  }
  return currency;
}

async function write(
  tx: TransactionSql,
  input: PostPayment & { known: number | undefined; currency: Currency },
): Promise<number> {
  const { body, known } = input;
  const record = {
    entity: body.customer.id,
    currency: input.currency.id,
    trandate: body.tranDate ?? today(),
    foreigntotal: String(body.payment),
    memo: body.memo ?? null,
  };
  if (known) {
    await tx`update suiteql.transaction set ${tx(record)} where id = ${known}`;
    await tx`update erp.payment_bodies set body = ${tx.json(body as never)}, writes = writes + 1 where payment = ${known}`;
    return known;
  }
  const [row] = await tx<{ id: number }[]>`
    with next as (select nextval('erp.transaction_ids') as id)
    insert into suiteql.transaction (id, tranid, externalid, type, entity, currency, trandate, foreigntotal, memo)
    select id, 'PYMT-' || id, ${input.externalId}, 'CustPymt', ${record.entity}::bigint, ${record.currency}::bigint,
      ${record.trandate}::date, ${record.foreigntotal}::numeric, ${record.memo} from next
    returning id`;
  const id = row?.id ?? 0;
  await tx`insert into erp.payment_bodies (payment, body) values (${id}, ${tx.json(body as never)})`;
  return id;
}

async function unapply(tx: TransactionSql, payment: number): Promise<void> {
  await tx`
    update suiteql.transaction t set foreignamountunpaid = t.foreignamountunpaid + a.amount
    from erp.applications a where a.payment = ${payment} and a.invoice = t.id`;
  await tx`delete from erp.applications where payment = ${payment}`;
}

async function apply(
  tx: TransactionSql,
  payment: number,
  { body, currency }: { body: CustomerPaymentBody; currency: Currency },
): Promise<void> {
  const items: Application[] = (body.apply?.items ?? [])
    .map((item, index) => ({ ...item, path: `apply.items[${index}]` }))
    .filter((item) => item.apply)
    .map((item) => ({ invoice: Number(item.doc.id), amount: item.amount ?? body.payment, path: item.path }));

  for (const { invoice, amount, path } of items) {
    const [open] = await tx<{ unpaid: string; entity: number; currency: number }[]>`
      select foreignamountunpaid as unpaid, entity, currency from suiteql.transaction
      where id = ${invoice} and type = 'CustInvc' and voided = 'F' for update`;
    if (!open || String(open.entity) !== body.customer.id || open.currency !== currency.id) {
      throw userError(`Invalid apply reference key ${invoice}.`, `${path}.doc`);
    }
    if (Number(open.unpaid) === 0)
      throw userError(`Transaction ${invoice} is already paid in full.`, `${path}.doc`);
    if (!(amount > 0) || !fitsCurrency(amount, currency.symbol) || amount > Number(open.unpaid)) {
      throw userError(
        `You may not apply ${amount} to transaction ${invoice}: the remaining balance is ${Number(open.unpaid)}.`,
        `${path}.amount`,
      );
    }
    await tx`update suiteql.transaction set foreignamountunpaid = foreignamountunpaid - ${String(amount)}::numeric where id = ${invoice}`;
    await tx`insert into erp.applications values (${payment}, ${invoice}, ${String(amount)}::numeric)`;
  }
  const [sum] = await tx<{ over: boolean }[]>`
    select coalesce(sum(amount), 0) > ${String(body.payment)}::numeric as over from erp.applications where payment = ${payment}`;
  if (sum?.over) throw userError("The applied amounts exceed the payment amount.", "payment");
}
