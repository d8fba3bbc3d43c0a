import { type Refused, refused } from "../../contract/index.ts";
import { type Connector, type ErpAccount, ErpError } from "../connectors/connector.ts";
import type { Context } from "../context/context.ts";
import { json } from "../tenant/tenant-db.ts";
import { type RecordFault, type UsableRecords, usableRecords } from "./usable-records.ts";

/** A reading is given up after this, ms. Nobody waits so long for it: what it brings is shown when it comes. */
const readingTimeoutMs = 30_000;

export type SyncResult =
  | { kind: "synced" }
  /** The tenant has no ERP: the mirror is all there is. */
  | { kind: "no_erp" }
  /** `not_found`: the ERP has no such customer. `erp_unavailable`: it could not be asked. */
  | Refused;

/** Readings under way, per ERP: a second reader of the same customer waits for the first one's. */
const running = new WeakMap<Connector, Map<string, Promise<SyncResult>>>();

/** Is the ERP being asked about this customer, by this process? */
export const isBeingRead = (connector: Connector, customerId: string): boolean =>
  running.get(connector)?.has(customerId) ?? false;

/**
 * Reads the customer's open invoices from the ERP into the mirror, by the rule for the invoice sync in
 * payments/README.md: payments under way and captures not yet posted are never paid a second time.
 * Concurrent calls for one customer share one reading.
 * @throws TenantUnavailable
 */
export async function syncInvoices({
  ctx,
  input,
}: {
  ctx: Context;
  input: { customerId: string };
}): Promise<SyncResult> {
  const connector = await ctx.connector();
  if (!connector) return { kind: "no_erp" };
  const readings = running.get(connector) ?? new Map<string, Promise<SyncResult>>();
  running.set(connector, readings);
  const { customerId } = input;
  const shared = readings.get(customerId);
  if (shared) return shared;
  const reading = readAndStore(ctx, connector, customerId).finally(() => readings.delete(customerId));
  readings.set(customerId, reading);
  return reading;
}

async function readAndStore(ctx: Context, connector: Connector, customerId: string): Promise<SyncResult> {
  // The database's clock, the one `synced_at` is written by: of a posting confirmed after this it may know nothing.
  const [start] = await ctx.db.query<{ tenant_id: string; started_at: Date }>`
    select ${ctx.tenant.id}::uuid as tenant_id, clock_timestamp() as started_at`;
  let account: ErpAccount;
  try {
    const signal = AbortSignal.timeout(readingTimeoutMs);
    account = await connector.openInvoices({ customerId, signal });
  } catch (error) {
    const expected = error instanceof ErpError || isTimeout(error);
    // An adapter that breaks is an ERP that cannot be asked, and the mirror stands in for it as well.
    const level = expected ? "warn" : "error";
    ctx.log[level]({ err: error, requestId: ctx.requestId }, "the ERP could not be read");
    const missing = error instanceof ErpError && error.code === "not_found";
    return refused(missing ? "not_found" : "erp_unavailable");
  }
  const records = usableRecords(account);
  await store(ctx, { records, customerId, startedAt: start?.started_at ?? ctx.now() });
  tell(ctx, records.faults);
  return { kind: "synced" };
}

const isTimeout = (error: unknown) =>
  error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError");

/** How many; which ones, the tenant reads in `pay.record_faults`: they may name a person. */
function tell(ctx: Context, faults: readonly RecordFault[]): void {
  if (faults.length === 0) return;
  const invoices = faults.filter(({ kind }) => kind === "invoice").length;
  ctx.log.warn(
    { requestId: ctx.requestId, invoices, addresses: faults.length - invoices },
    "records of the ERP cannot be used as they are",
  );
}

/**
 * One statement. Open invoices the ERP no longer lists take part with a balance of 0, in the same
 * `insert`, so that all rows are locked in the order of their ids. All hangs on the customer's row: it
 * says how fresh the balances are, and a reading begun before the one stored writes nothing. What cannot be used of the
 * records is known as this reading found it.
 */
async function store(
  ctx: Context,
  { records, customerId, startedAt }: { records: UsableRecords; customerId: string; startedAt: Date },
): Promise<void> {
  const { name, email } = records.customer;
  const faults = json(records.faults);
  const invoices = records.invoices.map(({ totalMinor, openMinor, ...invoice }) => ({
    ...invoice,
    totalMinor: `${totalMinor}`,
    openMinor: `${openMinor}`,
  }));
  await ctx.db.query`
    with reading as (
      select id, number, currency, "totalMinor" as total_minor, "openMinor" as open_minor,
        "issuedOn" as issued_on, "dueOn" as due_on
      from jsonb_to_recordset(${json(invoices)}::jsonb) as r(
        id text, number text, currency text, "totalMinor" bigint, "openMinor" bigint,
        "issuedOn" date, "dueOn" date)
    ), balances as (
      select * from reading
      union all
      select i.id, i.number, i.currency, i.total_minor, 0, i.issued_on, i.due_on
      from pay.invoices i
      where i.tenant_id = ${ctx.tenant.id}::uuid and i.customer_id = ${customerId} and i.open_minor > 0
        and not exists (select from reading where reading.id = i.id)
    ), customer as (
      insert into pay.customers (tenant_id, id, name, email, synced_at)
      values (${ctx.tenant.id}::uuid, ${customerId}, ${name}, ${email}, ${startedAt})
      on conflict (tenant_id, id) do update
        set name = excluded.name, email = excluded.email, synced_at = excluded.synced_at
        where customers.synced_at < excluded.synced_at
      returning tenant_id
    ), fault as (
      select kind, record, why from jsonb_to_recordset(${faults}::jsonb) as f(kind text, record text, why text)
    ), told as (
      insert into pay.record_faults (tenant_id, customer_id, kind, record, why)
      select customer.tenant_id, ${customerId}, kind, record, why from customer, fault
      order by kind, record
      on conflict (customer_id, kind, record, tenant_id) do update set why = excluded.why, seen_at = now()
    ), mended as (
      delete from pay.record_faults known using customer
      where known.tenant_id = customer.tenant_id and known.customer_id = ${customerId}
        and not exists (select from fault where fault.kind = known.kind and fault.record = known.record)
    )
    insert into pay.invoices as mirror
      (tenant_id, id, customer_id, number, currency, total_minor, open_minor, issued_on, due_on, synced_at)
    select customer.tenant_id, id, ${customerId}, number, currency, total_minor, open_minor,
      issued_on, due_on, ${startedAt}
    from balances, customer
    order by id
    on conflict (tenant_id, id) do update set
      customer_id = excluded.customer_id, number = excluded.number, currency = excluded.currency,
      total_minor = excluded.total_minor, issued_on = excluded.issued_on, due_on = excluded.due_on,
      open_minor = case when mirror.settled_minor = 0 and mirror.synced_at < excluded.synced_at
        then excluded.open_minor
        else least(mirror.open_minor, excluded.open_minor + mirror.settled_minor) end,
      synced_at = greatest(mirror.synced_at, excluded.synced_at)
    returning tenant_id`;
}
