import { longest, plainLine } from "../../contract/index.ts";
import type { ErpAccount } from "../connectors/connector.ts";

/** Addresses of one customer, as ERP records list them. Characters. */
const longestEmail = 1_000;

/** A name as it may stand among our words; `otherwise` where nothing of it is left. */
export const plainName = (name: string, otherwise: string): string =>
  plainLine(name, longest.name).trim() || plainLine(otherwise, longest.name);

/** An invoice's number. Its blanks stay: an ERP may know it by them. */
export const plainNumber = (number: string, otherwise: string): string => {
  const plain = plainLine(number, longest.number);
  return plain.trim() ? plain : plainLine(otherwise, longest.number);
};

/**
 * The one place where names come in from an ERP: whoever can write there writes what payers, sellers and bookkeepers read
 * in receipts, memos and pages.
 */
export function plainAccount({ customer, invoices }: ErpAccount): ErpAccount {
  const { id, name, email } = customer;
  return {
    customer: {
      id,
      name: plainName(name, id),
      email: email === null ? null : plainLine(email, longestEmail),
    },
    invoices: invoices.map((invoice) => ({ ...invoice, number: plainNumber(invoice.number, invoice.id) })),
  };
}
