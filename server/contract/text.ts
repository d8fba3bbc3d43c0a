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

/** What ends a line or moves the cursor: control characters, and the separators of lines and paragraphs. */
const breaks = /[\p{Cc}\p{Zl}\p{Zp}]+/gu;
/**
 * What is not seen and changes how its neighbours are: marks, embeddings, overrides and isolates of direction (UAX #9),
 * joiners of nothing, byte order marks, tags. Not the two joiners that names in Persian, Hindi and emoji need.
 */
const unseen =
  /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/**
 * Text of another system, such as a customer's name in an ERP, as it may stand on one line among ours: in a receipt, a
 * subject, a memo, a log, a page. It cannot begin a line of its own, turn the direction of what follows, hide, or be
 * longer than it should. Blanks within it stay as they are.
 *
 * @param longest characters, the last of them `…` where there were more
 */
export function plainLine(text: string, longest: number): string {
  // As nearly all are.
  if (text.length <= longest && /^[\x20-\x7e]*$/.test(text)) return text;
  // Of a megabyte no more is looked at than can be kept.
  const head = text.slice(0, longest * 4).toWellFormed();
  const clean = head.replace(unseen, "").replace(breaks, " ");
  const characters = Array.from(clean);
  if (characters.length <= longest && head.length === text.length) return clean;
  return `${characters.slice(0, longest - 1).join("")}…`;
}

/** As long as names are: of a customer, of a seller, an invoice's number. Characters. */
export const longest = { name: 200, number: 120 } as const;
