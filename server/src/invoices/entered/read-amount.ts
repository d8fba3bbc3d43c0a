import { exponentOf, fromDecimal } from "../../money/money.ts";
import { largestMinor } from "../usable-records.ts";
import type { EntryFaultCode } from "./entry-fault.ts";

export type AmountRead =
  | { kind: "amount"; amountMinor: bigint }
  | { kind: "fault"; code: EntryFaultCode; values: Record<string, string> };

/**
 * Reads an amount as people write it in their languages: `1250.5`, `1,250.50`, `1.250,50`, `1 250,50`, `1'250.50`. A thousand
 * times too much or too little is the worst that can be misread, so what has two readings (`1,000`) has none. Pure.
 */
export function readAmount(typed: string, currency: string): AmountRead {
  const fault = (code: EntryFaultCode, values = {}): AmountRead => ({
    kind: "fault",
    code,
    values: { value: typed, currency, ...values },
  });
  const text = typed.trim();
  if (/^[-−(]/.test(text)) return fault("negative");
  const digits = text.replace(/(?<=\d)[\s'’](?=\d{3}(?!\d))/gu, "");
  const parts = /^(\d+(?:([.,])\d+)*?)(?:([.,])(\d+))?$/.exec(digits);
  if (!parts) return fault("not_an_amount");
  const plain = plainDecimal(digits);
  if (plain === null) return fault("not_an_amount");
  const lone = /^([1-9]\d{0,2})([.,])(\d{3})$/.exec(digits);
  if (lone) {
    const [, front = "", sign, behind = ""] = lone;
    const tooPrecise = behind.replace(/0+$/, "").length > exponentOf(currency);
    if (sign === "." && tooPrecise) return fault("too_precise");
    return fault("ambiguous_amount", {
      whole: `${front}${behind}`,
      decimal: decimalOf(front, behind, currency),
    });
  }
  try {
    const amountMinor = fromDecimal(plain, currency);
    return amountMinor > largestMinor ? fault("too_large") : { kind: "amount", amountMinor };
  } catch {
    return fault("too_precise");
  }
}

/** The one reading that signs of thousands leave; null: there is none. */
function plainDecimal(text: string): string | null {
  const signs = [...text.replace(/\d/g, "")];
  const last = signs.at(-1);
  if (last === undefined) return text;
  const groups = (grouped: string, sign: string) =>
    new RegExp(`^\\d{1,3}(?:\\${sign}\\d{3})+$`).test(grouped) ? grouped.replaceAll(sign, "") : null;
  if (signs.length === 1) return text.replace(",", ".");
  if (signs.every((sign) => sign === last)) return groups(text, last);
  const at = text.lastIndexOf(last);
  const whole = groups(text.slice(0, at), last === "," ? "." : ",");
  return whole === null ? null : `${whole}.${text.slice(at + 1)}`;
}

/** With as many decimals as nobody takes for thousands. */
const decimalOf = (front: string, behind: string, currency: string): string =>
  exponentOf(currency) === 3 ? `${front}.${behind}0` : `${front}.${behind.slice(0, 2)}`;
