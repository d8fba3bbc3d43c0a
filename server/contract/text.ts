import { z } from "zod";

/**
 * An id that another system made, such as an ERP's of an invoice or a customer; opaque here. Whole
 * characters that print: PostgreSQL takes no NUL, and no log line or URL half a surrogate pair.
 */
export const ForeignId = z
  .string()
  .min(1)
  .max(120)
  .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), "no control characters")
  .meta({ id: "ForeignId" });
export type ForeignId = z.infer<typeof ForeignId>;
