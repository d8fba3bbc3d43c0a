import { longest, plainLine } from "../../contract/index.ts";

/**
 * Whoever can write into an ERP writes what payers, sellers and bookkeepers read in receipts, memos and pages. Names come in
 * by these two, and old rows go out by them.
 */

/** A name as it may stand among our words; `otherwise` where nothing of it is left. */
export const plainName = (name: string, otherwise: string): string =>
  plainLine(name, longest.name).trim() || plainLine(otherwise, longest.name);

/** An invoice's number. Its blanks stay: an ERP may know it by them. */
export const plainNumber = (number: string, otherwise: string): string => {
  const plain = plainLine(number, longest.number);
  return plain.trim() ? plain : plainLine(otherwise, longest.number);
};
