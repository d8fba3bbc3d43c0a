import { type Refused, refused } from "../../../contract/index.ts";
import { exponentOf, toDecimal } from "../../money/money.ts";
import type { SettingValue } from "../../tenant/settings.ts";

/** The least one payment may be, minor units: by the setting `limits.minimum`, else one unit, or 100 of the smallest. */
export function minimumOf(minimums: SettingValue<"limits.minimum">, currency: string): bigint {
  const set = minimums[currency];
  return set === undefined ? 10n ** BigInt(exponentOf(currency) || 2) : BigInt(set);
}

/** Trying out cards costs nothing by the cent; what is left of an invoice may always be paid whole. `null`: it is enough. */
export function tooSmall(
  { amountMinor, whole }: { amountMinor: bigint; whole: boolean },
  { minimumMinor, currency }: { minimumMinor: bigint; currency: string },
): Refused | null {
  if (whole || amountMinor >= minimumMinor) return null;
  const least = `${toDecimal(minimumMinor, currency)} ${currency}`;
  const message = `At least ${least} in one payment, or all that is left of each invoice.`;
  return refused("amount_below_minimum", { errors: [{ pointer: "/lines", message }] });
}
