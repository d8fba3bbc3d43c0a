import { toDecimal } from "../../money/money.ts";

/** Source text access of ES2026 (https://tc39.es/proposal-json-parse-with-source/), not in TypeScript's lib yet. */
interface JsonWithSource {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
}
const json = JSON as unknown as JsonWithSource;

/**
 * JSON whose numbers arrive as the digits that were sent, as text: a double holds neither every
 * amount nor every 64-bit id an ERP sends.
 * @throws SyntaxError
 */
export function parseExact(text: string): unknown {
  return json.parse(text, (_key, value, { source }) => (typeof value === "number" ? source : value));
}

/** An amount that `JSON.stringify` writes as a number with exactly the currency's decimals: `18420.75`. */
export const exactNumber = (amountMinor: bigint, currency: string): unknown =>
  json.rawJSON(toDecimal(amountMinor, currency));
