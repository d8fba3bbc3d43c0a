import { type InboxItem, plainLine } from "../../../contract/index.ts";
import type { Context } from "../../context/context.ts";
import { listRecordFaults } from "../../invoices/list-record-faults.ts";
import { type DeadLetter, listDeadLetters } from "../../outbox/list-dead-letters.ts";
import { saysGone } from "../attempt-provider.ts";
import { type ListedPayment, listPayments } from "../list-payments.ts";
import type { Conflict } from "../statements/payment-row.ts";
import type { StoredState } from "../states.ts";

/** How long a payment goes on by itself before a person is bothered with it, s; with the bank's page there is the payer. */
const patienceS = 300;
const patienceWithBankS = 2_400;

const longestCause = 300;

/**
 * What waits for a person, the oldest first: payments, deliveries and records of the ERP's, at most 500 of each.
 *
 * @throws TenantUnavailable
 */
export async function listInbox({ ctx }: { ctx: Context }): Promise<InboxItem[]> {
  const [listed, letters, faults] = await Promise.all([
    listPayments({ ctx, input: {} }),
    listDeadLetters({ ctx }),
    listRecordFaults({ ctx }),
  ]);
  const payments = listed.filter((payment) => waits(payment, ctx.now()));
  const [rows, names] = await Promise.all([
    paymentsOf(ctx, [...payments.map(({ id }) => id), ...letters.map(({ paymentId }) => paymentId)]),
    namesOf(
      ctx,
      [...payments, ...letters, ...faults].map(({ customerId }) => customerId),
    ),
  ]);
  const customerOf = (id: string) => ({ id, name: names.get(id) ?? id });
  const none = { payment: null, taken: null, deliveryId: null, record: null, cause: null };
  const items: InboxItem[] = [
    ...payments.map((payment): InboxItem => {
      const kind = kindOf(payment);
      const row = rows.get(payment.id);
      const taken = kind === "conflict" ? (row?.conflict ?? null) : null;
      return {
        ...none,
        ...{ key: `payment:${payment.id}`, kind, since: payment.createdAt.toISOString() },
        customer: customerOf(payment.customerId),
        payment: aboutPayment(row),
        taken: taken && { currency: taken.currency, amountMinor: taken.amountMinor },
        cause: causeIn(payment.cause),
        verbs: verbsOf[kind],
      };
    }),
    ...letters.map(
      (letter): InboxItem => ({
        ...none,
        ...{ key: `delivery:${letter.id}`, kind: letter.kind, since: letter.createdAt.toISOString() },
        customer: customerOf(letter.customerId),
        payment: aboutPayment(rows.get(letter.paymentId)),
        deliveryId: letter.id,
        cause: causeIn(letter.cause),
        verbs: ["replay", "finish"],
      }),
    ),
    ...faults.map(
      ({ customerId, kind, record, why, firstSeenAt }): InboxItem => ({
        ...none,
        ...{ key: `record:${customerId}:${kind}:${record}`, kind, since: firstSeenAt.toISOString() },
        customer: customerOf(customerId),
        record: plainLine(record, longestCause),
        cause: causeIn(why),
        verbs: [],
      }),
    ),
  ];
  return items.sort((a, b) => (a.since < b.since ? -1 : a.since > b.since ? 1 : 0));
}

type PaymentKind = "conflict" | "unknown" | "account_gone" | "late_news";

const verbsOf: Readonly<Record<PaymentKind, InboxItem["verbs"]>> = {
  conflict: ["decide"],
  unknown: ["resolve"],
  account_gone: ["close", "resolve"],
  late_news: ["resolve"],
};

function kindOf({ state, cause, verb }: ListedPayment): PaymentKind {
  if (state === "conflicted") return "conflict";
  if (verb === "close-attempt" || saysGone(cause)) return "account_gone";
  return state === "declined" || state === "failed" ? "late_news" : "unknown";
}

function waits(payment: ListedPayment, now: Date): boolean {
  if (kindOf(payment) !== "unknown") return true;
  const patience = payment.state === "requires_action" ? patienceWithBankS : patienceS;
  return now.getTime() - payment.createdAt.getTime() >= patience * 1_000;
}

const causeIn = (cause: string | null): string | null => cause && plainLine(cause, longestCause);

interface Row {
  tenant_id: string;
  id: string;
  state: StoredState;
  currency: string;
  total_minor: bigint;
  receipt_number: string | null;
  conflict: Conflict | null;
}

async function paymentsOf(ctx: Context, ids: readonly DeadLetter["paymentId"][]): Promise<Map<string, Row>> {
  if (ids.length === 0) return new Map();
  const rows = await ctx.db.query<Row>`
    select tenant_id, id, state, currency, total_minor, receipt_number, conflict from pay.payments
    where tenant_id = ${ctx.tenant.id}::uuid and id = any(${[...ids]}::uuid[])`;
  return new Map(rows.map((row) => [row.id, row]));
}

function aboutPayment(row: Row | undefined): InboxItem["payment"] {
  if (!row) return null;
  const { id, state, currency } = row;
  return { id, state, currency, totalMinor: `${row.total_minor}`, receiptNumber: row.receipt_number };
}

async function namesOf(ctx: Context, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await ctx.db.query<{ tenant_id: string; id: string; name: string }>`
    select tenant_id, id, name from pay.customers
    where tenant_id = ${ctx.tenant.id}::uuid and id = any(${[...new Set(ids)]}::text[])`;
  return new Map(rows.map(({ id, name }) => [id, name]));
}
