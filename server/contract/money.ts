import { z } from "zod";

/**
 * An amount on the wire: integer minor units of the currency beside it, as decimal digits.
 * A string, because a JSON number loses precision above 2^53. `"1250"` with `USD` is $12.50;
 * with `JPY` it is ¥1,250; with `KWD` 1.250 dinars (ISO 4217 exponents 2, 0, 3).
 */
export const AmountMinor = z
  .string()
  .regex(/^(0|[1-9]\d{0,17})$/, "integer minor units as digits")
  .meta({ id: "AmountMinor", examples: ["125000"] });
export type AmountMinor = z.infer<typeof AmountMinor>;

/** ISO 4217 alphabetic code. */
export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/, "ISO 4217 code")
  .meta({ id: "Currency", examples: ["USD"] });
export type Currency = z.infer<typeof Currency>;
