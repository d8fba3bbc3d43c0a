import { type ErrorCode, type PaymentRequest, type Refused, refused } from "../../../contract/index.ts";
import type { Context } from "../../context/context.ts";

export interface OrderLine {
  invoiceId: string;
  invoiceNumber: string;
  amountMinor: bigint;
}

export interface OrderInput {
  request: PaymentRequest;
  customerId: string;
  /** Invoice ids the session is limited to; null: all of the customer's. */
  allowedInvoices: readonly string[] | null;
  /** Whether a line may pay a part of what is payable. */
  partial: boolean;
}

export interface Order {
  kind: "order";
  lines: OrderLine[];
  amountMinor: bigint;
  /** Every line pays all that is payable of its invoice. */
  whole: boolean;
  /** Since the ERP was last read for this customer, ms by the database's clock; Infinity: never. */
  ageMs: number;
}

interface InvoiceRow {
  tenant_id: string;
  id: string;
  number: string;
  currency: string;
  open_minor: bigint;
  held_minor: bigint;
  settled_minor: bigint;
  age_ms: number;
  claimed: boolean;
}

/** The most minor units an amount on the wire can carry: 18 digits. */
const maximumMinor = 10n ** 18n - 1n;

/**
 * Loads the invoices a request wants to pay and judges it against them. The balance is judged again
 * under lock in transaction 1; here the payer is told before the card is looked at.
 *
 * @returns `known` when the payment id is taken: nothing else was judged.
 */
export async function loadOrder({
  ctx,
  input,
}: {
  ctx: Context;
  input: OrderInput;
}): Promise<Order | { kind: "known" } | Refused> {
  const { request, customerId, allowedInvoices, partial } = input;
  const ids = request.lines.map((line) => line.invoiceId);
  const rows = await ctx.db.query<InvoiceRow>`
    select i.tenant_id, i.id, i.number, i.currency, i.open_minor, i.held_minor, i.settled_minor,
           coalesce(extract(epoch from now() - c.synced_at) * 1000, 'infinity')::float8 as age_ms,
           p.id is not null as claimed
    from pay.invoices i
    left join pay.customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
    left join pay.payments p on p.tenant_id = i.tenant_id and p.id = ${request.id}::uuid
    where i.tenant_id = ${ctx.tenant.id}::uuid and i.customer_id = ${customerId} and i.id = any(${ids}::text[])`;
  if (rows.some((row) => row.claimed)) return { kind: "known" };
  if (new Set(ids).size !== ids.length) return refused("validation_failed");

  const visible = new Map(
    rows.filter((row) => allowedInvoices?.includes(row.id) ?? true).map((row) => [row.id, row]),
  );
  const lines: OrderLine[] = [];
  let whole = true;
  for (const [index, line] of request.lines.entries()) {
    const invoice = visible.get(line.invoiceId);
    const amountMinor = BigInt(line.amountMinor);
    const code = invoice ? objection(invoice, amountMinor, request.currency) : "not_found";
    if (code || !invoice) return refused(code ?? "not_found");
    if (!partial && amountMinor < payable(invoice)) return onlyWhole(index);
    whole &&= amountMinor === payable(invoice);
    lines.push({ invoiceId: invoice.id, invoiceNumber: invoice.number, amountMinor });
  }
  const amountMinor = lines.reduce((sum, line) => sum + line.amountMinor, 0n);
  if (amountMinor > maximumMinor) return refused("validation_failed");
  return { kind: "order", lines, amountMinor, whole, ageMs: Math.max(...rows.map((row) => row.age_ms)) };
}

function objection(invoice: InvoiceRow, amountMinor: bigint, currency: string): ErrorCode | null {
  if (invoice.currency !== currency) return "currency_mismatch";
  if (amountMinor < 1n) return "validation_failed";
  if (invoice.open_minor - invoice.settled_minor <= 0n) return "invoice_closed";
  if (amountMinor > payable(invoice)) return "amount_exceeds_balance";
  return null;
}

const payable = (invoice: InvoiceRow) => invoice.open_minor - invoice.settled_minor - invoice.held_minor;

const onlyWhole = (line: number): Refused =>
  refused("validation_failed", {
    errors: [
      {
        pointer: `/lines/${line}/amountMinor`,
        message: "This seller takes an invoice's whole balance only.",
      },
    ],
  });
