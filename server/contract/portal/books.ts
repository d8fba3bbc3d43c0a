import { z } from "zod";
import { AmountMinor, Currency } from "../money.ts";
import { ListedPortalPayment } from "./shapes.ts";

/** Invoices and customers, as the portal's pages send and see them. */

const cursor = z.string().max(2_000).optional();
const limit = z.coerce.number().int().min(1).max(100).default(50);
const Customer = z.object({ id: z.string(), name: z.string() });

export const InvoiceState = z.enum(["open", "overdue", "paid"]).meta({ id: "InvoiceState" });
export type InvoiceState = z.infer<typeof InvoiceState>;

export const InvoiceQuery = z
  .object({
    /** An invoice's number or id, a customer's id, or the beginning of its name. */
    q: z.string().trim().max(120).optional(),
    state: InvoiceState.optional(),
    currency: Currency.optional(),
    /** By number. */
    sort: z.enum(["last", "first"]).default("last"),
    limit,
    cursor,
  })
  .strict();
export type InvoiceQuery = z.infer<typeof InvoiceQuery>;

export const ListedPortalInvoice = z
  .object({
    id: z.string(),
    number: z.string(),
    customer: Customer,
    currency: Currency,
    totalMinor: AmountMinor,
    /** Still owed, payments under way included. */
    owedMinor: AmountMinor,
    state: InvoiceState,
    issuedOn: z.iso.date(),
    dueOn: z.iso.date(),
    overdueDays: z.number().int(),
  })
  .meta({ id: "ListedInvoice" });
export type ListedPortalInvoice = z.infer<typeof ListedPortalInvoice>;

export const PortalInvoices = z
  .object({
    invoices: z.array(ListedPortalInvoice),
    next: z.string().nullable(),
    /** The tenant has no ERP: invoices are entered here. */
    enteredHere: z.boolean(),
  })
  .meta({ id: "InvoicePage" });
export type PortalInvoices = z.infer<typeof PortalInvoices>;

export const PortalInvoice = ListedPortalInvoice.extend({
  /** Of what is owed, payments under way hold. */
  heldMinor: AmountMinor,
  /** The latest first, a hundred at most. */
  payments: z.array(ListedPortalPayment),
}).meta({ id: "PortalInvoice" });
export type PortalInvoice = z.infer<typeof PortalInvoice>;

export const CustomerQuery = z
  .object({
    /** A customer's id, or the beginning of its name. */
    q: z.string().trim().max(120).optional(),
    sort: z.enum(["first", "last"]).default("first"),
    limit,
    cursor,
  })
  .strict();
export type CustomerQuery = z.infer<typeof CustomerQuery>;

export const ListedPortalCustomer = Customer.extend({
  email: z.string().nullable(),
  openInvoices: z.number().int(),
  overdueInvoices: z.number().int(),
  owed: z.array(z.object({ currency: Currency, owedMinor: AmountMinor })),
}).meta({ id: "ListedCustomer" });
export type ListedPortalCustomer = z.infer<typeof ListedPortalCustomer>;

export const PortalCustomers = z
  .object({ customers: z.array(ListedPortalCustomer), next: z.string().nullable() })
  .meta({ id: "CustomerPage" });
export type PortalCustomers = z.infer<typeof PortalCustomers>;

export const PortalCustomer = ListedPortalCustomer.extend({
  /** Open ones first, a hundred at most. */
  invoices: z.array(ListedPortalInvoice),
}).meta({ id: "PortalCustomer" });
export type PortalCustomer = z.infer<typeof PortalCustomer>;

const Typed = z.string().max(4_000).optional();

/** An invoice as it was typed: amounts and dates as people write them. */
export const InvoiceEntry = z
  .object({
    number: Typed,
    id: Typed,
    customerId: Typed,
    customerName: Typed,
    customerEmail: Typed,
    currency: Typed,
    total: Typed,
    issuedOn: Typed,
    dueOn: Typed,
  })
  .strict()
  .meta({ id: "InvoiceEntry" });

export const InvoiceImport = z
  .object({
    /** A CSV file, base64; 5 MB at most. */
    file: z.base64().max(7_000_000),
    /** false: what would be, and nothing is written. */
    apply: z.boolean(),
  })
  .strict()
  .meta({ id: "InvoiceImport" });

export const EntryAnswer = z
  .object({
    /** All of it, or nothing. */
    written: z.boolean(),
    new: z.number().int(),
    changed: z.number().int(),
    same: z.number().int(),
    /** New ones, and those known otherwise. */
    customers: z.number().int(),
    /** Columns that say nothing here. */
    ignored: z.array(z.string()),
    /** Why the file cannot be read at all; `value` is what the words are about. */
    unreadable: z.object({ code: z.string(), value: z.string() }).nullable(),
    /** How many there are; the first 200 stand in `faults`. */
    faultCount: z.number().int(),
    faults: z.array(
      z.object({
        row: z.number().int(),
        field: z.string(),
        code: z.string(),
        values: z.record(z.string(), z.string()),
        /** In English. */
        words: z.string(),
      }),
    ),
    /** The first 200 that are new or changed. */
    rows: z.array(
      z.object({
        row: z.number().int(),
        number: z.string(),
        customer: z.string(),
        currency: Currency,
        totalMinor: AmountMinor,
        /** null: the invoice is new. */
        wasMinor: AmountMinor.nullable(),
      }),
    ),
  })
  .meta({ id: "InvoiceEntryAnswer" });
export type EntryAnswer = z.infer<typeof EntryAnswer>;
