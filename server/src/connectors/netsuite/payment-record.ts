import type { ErpPayment, PostResult } from "../connector.ts";
import { exactNumber } from "../transport/exact-json.ts";
import { type Account, baseCurrency } from "./account.ts";
import { depositFields } from "./deposit-account.ts";
import { NotInAccount } from "./errors.ts";
import { internalId, suiteql } from "./literals.ts";

/** What the payment is booked in, by the account's own ids. */
export interface Booking {
  kind: "booking";
  /** null: the account has no currencies. */
  currencyId: string | null;
  /** null: the account has no subsidiaries. */
  subsidiaryId: string | null;
}

/** @returns refused when the payment cannot be booked as one record @throws ErpError */
export async function bookingOf(
  account: Account,
  { payment, signal }: { payment: ErpPayment; signal: AbortSignal },
): Promise<Booking | Extract<PostResult, { kind: "refused" }>> {
  const currencyId = await currencyOf(account, payment.currency, signal);
  if (currencyId === undefined) {
    return { kind: "refused", cause: `the account has no currency ${payment.currency}` };
  }
  const subsidiaries = await subsidiariesOf(account, payment, signal);
  if (subsidiaries.length > 1) {
    const cause = `the invoices belong to several subsidiaries (${subsidiaries.join(", ")}): book one payment in each`;
    return { kind: "refused", cause };
  }
  return { kind: "booking", currencyId, subsidiaryId: subsidiaries[0] ?? null };
}

/** undefined: there is no such currency. */
function currencyOf(
  account: Account,
  isoCode: string,
  signal: AbortSignal,
): Promise<string | null | undefined> {
  const { features, currencies } = account;
  return features.without(["currency"], async () => {
    if (features.has("currency")) return (await currencies.idOf(isoCode, signal)) ?? undefined;
    return baseCurrency(account) === isoCode ? null : undefined;
  });
}

/** Of the invoices: their main lines say it. None, where there are no subsidiaries or nobody may see lines. */
function subsidiariesOf(account: Account, payment: ErpPayment, signal: AbortSignal): Promise<string[]> {
  const { ask, features } = account;
  const invoices = payment.lines.map(({ invoiceId }) => internalId(invoiceId)).filter((id) => id !== null);
  return features
    .without(["subsidiary"], async () => {
      if (!features.has("subsidiary") || invoices.length === 0) return [];
      const query = suiteql`
        SELECT DISTINCT tl.subsidiary FROM transactionline tl
        WHERE tl.mainline = 'T' AND tl.transaction IN (${invoices})`;
      const rows = await ask({ query, signal });
      return rows.flatMap(({ subsidiary }) => (subsidiary ? [subsidiary] : []));
    })
    .catch((error) => {
      if (error instanceof NotInAccount) return [];
      throw error;
    });
}

/**
 * `customerPayment` as the REST schema names it. Nothing is left to a default: `SAVE_ONLY` records what was charged
 * elsewhere, where the customer's stored card might be charged once more; `autoApply` is off, so that nothing but the
 * chosen invoices is paid. `line` is left out, for it is no number of ours: it tells instalments of an invoice apart.
 */
export function toRecord(
  { config, features }: Account,
  { payment, booking }: { payment: ErpPayment; booking: Booking },
): Record<string, unknown> {
  const { currencyId, subsidiaryId } = booking;
  const amount = (amountMinor: bigint) => exactNumber(amountMinor, payment.currency);
  return {
    customer: { id: payment.customerId },
    ...(subsidiaryId !== null && { subsidiary: { id: subsidiaryId } }),
    ...(currencyId !== null && { currency: { id: currencyId } }),
    ...depositFields(config, { subsidiaryId, currency: payment.currency }),
    ...(features.has("handlingMode") && { handlingMode: { id: "SAVE_ONLY" } }),
    tranDate: payment.capturedOn,
    memo: payment.memo,
    payment: amount(payment.amountMinor),
    autoApply: false,
    apply: {
      items: payment.lines.map((line) => ({
        doc: { id: line.invoiceId },
        apply: true,
        amount: amount(line.amountMinor),
      })),
    },
  };
}
