/** An invoice as a tenant without an ERP has entered it, by hand or in a file. */
export interface EnteredInvoice {
  /** Where it stands: the file's line as a spreadsheet counts it, the header being 1; by hand 1. */
  row: number;
  /** External id; by default its number. */
  id: string;
  number: string;
  customer: EnteredCustomer;
  currency: string;
  /** All that was billed, whatever of it is paid. 0: nothing is owed any more. */
  totalMinor: bigint;
  /** `YYYY-MM-DD`. */
  issuedOn: string;
  dueOn: string;
}

/** null: nothing is said, and what is known stays. */
export interface EnteredCustomer {
  id: string;
  name: string | null;
  email: string | null;
}

export const enteredFields = [
  "number",
  "id",
  "customerId",
  "customerName",
  "customerEmail",
  "currency",
  "total",
  "issuedOn",
  "dueOn",
] as const;
export type EnteredField = (typeof enteredFields)[number];

/** A row as it was typed. */
export type TypedRow = { readonly [Field in EnteredField]?: string | undefined };
