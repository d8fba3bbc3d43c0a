import { z } from "zod";
import { fromDecimal, toDecimal } from "../../money/money.ts";
import { ErpError, type ErpPayment, type PostResult } from "../connector.ts";
import type { Account } from "./account.ts";
import { readPayment } from "./find-posted.ts";

/** Numbers come as their digits; sublists may come as links alone. */
const Booked = z.object({
  applied: z.string().optional(),
  unapplied: z.string().optional(),
  apply: z.object({ items: z.array(z.unknown()).optional(), hasMore: z.boolean().optional() }).optional(),
});
const Item = z.object({
  doc: z.object({ id: z.string() }),
  apply: z.boolean().default(true),
  amount: z.string(),
});

/**
 * Reads the saved payment back: a 204 says that it is saved, not that it is applied. What is not applied as it was
 * paid is for a person, who applies it there and replays; the record is found again and judged anew.
 * @throws ErpError
 */
export async function judgeApplied(
  account: Account,
  input: { payment: ErpPayment; id: string; already: boolean; signal: AbortSignal },
): Promise<PostResult> {
  const { payment, id, already } = input;
  const differences = differencesOf(await readPayment(account, input), payment);
  if (differences.length === 0) return { kind: "posted", erpRef: id, already };
  return {
    kind: "refused",
    cause: `payment ${id} is saved, but not applied as it was paid: ${differences.join(", ")}; apply it there, then replay`,
  };
}

function differencesOf(record: unknown, payment: ErpPayment): string[] {
  const { success, data: booked } = Booked.safeParse(record);
  if (!success) throw new ErpError("protocol", "the saved payment is no record");
  const { currency, amountMinor } = payment;
  const says = (what: string, { wanted, found }: { wanted: bigint; found: bigint }) =>
    wanted === found
      ? []
      : [`${toDecimal(found, currency)} of ${toDecimal(wanted, currency)} ${currency}${what}`];
  try {
    const found = appliedByInvoice(booked, currency);
    const each = payment.lines.flatMap(({ invoiceId, invoiceNumber, amountMinor: wanted }) =>
      says(` to ${invoiceNumber}`, { wanted, found: found ? (found.get(invoiceId) ?? 0n) : wanted }),
    );
    if (each.length > 0) return each;
    const { applied, unapplied } = booked;
    if (applied !== undefined)
      return says("", { wanted: amountMinor, found: fromDecimal(applied, currency) });
    const left = unapplied === undefined ? null : fromDecimal(unapplied, currency);
    if (left !== null) return says("", { wanted: amountMinor, found: amountMinor - left });
    if (found) return [];
  } catch (cause) {
    throw new ErpError("protocol", `the saved payment: ${(cause as Error).message}`, { cause });
  }
  throw new ErpError("protocol", "the saved payment does not say what it is applied to");
}

/** null: the answer does not list it, or not all of it. An invoice in instalments has several lines. */
function appliedByInvoice({ apply }: z.infer<typeof Booked>, currency: string): Map<string, bigint> | null {
  if (!apply?.items || apply.hasMore) return null;
  const found = new Map<string, bigint>();
  for (const item of apply.items) {
    const { success, data } = Item.safeParse(item);
    if (!success) return null;
    if (!data.apply) continue;
    found.set(data.doc.id, (found.get(data.doc.id) ?? 0n) + fromDecimal(data.amount, currency));
  }
  return found;
}
