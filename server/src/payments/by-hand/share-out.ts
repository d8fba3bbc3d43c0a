import type { PaymentRow } from "../statements/payment-row.ts";

export interface Share {
  lines: PaymentRow["lines"];
  amountMinor: bigint;
  surchargeMinor: bigint;
}

/**
 * How what was taken is shared out when it is less than was agreed: the surcharge in proportion, rounded down in the
 * payer's favour, the rest to the invoices in the order of the payment's lines, the last ones going short or empty. What
 * was agreed, when it is all there. Sums to `takenMinor`; at least one line is left.
 *
 * @param takenMinor 1 to the payment's total
 */
export function shareOut(
  { lines, surcharge_minor, total_minor }: Pick<PaymentRow, "lines" | "surcharge_minor" | "total_minor">,
  takenMinor: bigint,
): Share {
  if (takenMinor < 1n || takenMinor > total_minor) throw new RangeError(`${takenMinor} of ${total_minor}`);
  const surchargeMinor = (surcharge_minor * takenMinor) / total_minor;
  const amountMinor = takenMinor - surchargeMinor;
  let left = amountMinor;
  const shared = lines.map((line) => {
    const wanted = BigInt(line.amountMinor);
    const part = wanted < left ? wanted : left;
    left -= part;
    return { ...line, amountMinor: `${part}` };
  });
  return { lines: shared.filter((line) => line.amountMinor !== "0"), amountMinor, surchargeMinor };
}
