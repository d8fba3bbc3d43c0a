import type { Context as HonoContext } from "hono";
import {
  CustomerQuery,
  type EntryAnswer,
  ForeignId,
  faultsOf,
  InvoiceEntry,
  InvoiceImport,
  InvoiceQuery,
  refused,
} from "../../../contract/index.ts";
import { type Entry, enterRow, enterSheet } from "../../invoices/entered/enter-sheet.ts";
import { wordsOf } from "../../invoices/entered/entry-fault.ts";
import { customerPage, listCustomers } from "../../payments/books/customers.ts";
import { invoicePage } from "../../payments/books/invoice-page.ts";
import { listInvoiceBook } from "../../payments/books/list-invoice-book.ts";
import { answerJson, answerRefused, readBody, type ServerEnv } from "../answers.ts";
import type { Handlers } from "../mount-routes.ts";

type Ids =
  | "listPortalInvoices"
  | "readPortalInvoice"
  | "enterPortalInvoice"
  | "importPortalInvoices"
  | "listPortalCustomers"
  | "readPortalCustomer";

/** How many rows and faults an answer shows. */
const most = 200;

/** What is owed, and by whom. */
export const bookHandlers: Handlers<Ids> = {
  async listPortalInvoices(c, { ctx }) {
    const query = InvoiceQuery.safeParse(c.req.query());
    if (!query.success)
      return answerRefused(c, refused("validation_failed", { errors: faultsOf(query.error) }));
    const listed = await listInvoiceBook({ ctx, input: query.data });
    return listed.kind === "refused" ? answerRefused(c, listed) : answerJson(listed.page);
  },

  async readPortalInvoice(c, { ctx }) {
    const id = foreignIdIn(c);
    const invoice = id === null ? null : await invoicePage({ ctx, input: { id } });
    return invoice ? answerJson(invoice) : answerRefused(c, refused("not_found"));
  },

  async enterPortalInvoice(c, { ctx }) {
    const read = await readBody(c, InvoiceEntry);
    if (read.kind === "refused") return answerRefused(c, read);
    const entry = await enterRow({ ctx, input: { typed: read.body } });
    return entry.kind === "refused" ? answerRefused(c, entry) : answerJson(answerOf(entry));
  },

  async importPortalInvoices(c, { ctx }) {
    const read = await readBody(c, InvoiceImport);
    if (read.kind === "refused") return answerRefused(c, read);
    const { file, apply } = read.body;
    const entry = await enterSheet({ ctx, input: { bytes: Buffer.from(file, "base64"), apply } });
    return entry.kind === "refused" ? answerRefused(c, entry) : answerJson(answerOf(entry));
  },

  async listPortalCustomers(c, { ctx }) {
    const query = CustomerQuery.safeParse(c.req.query());
    if (!query.success)
      return answerRefused(c, refused("validation_failed", { errors: faultsOf(query.error) }));
    const listed = await listCustomers({ ctx, input: query.data });
    return listed.kind === "refused" ? answerRefused(c, listed) : answerJson(listed.page);
  },

  async readPortalCustomer(c, { ctx }) {
    const id = foreignIdIn(c);
    const customer = id === null ? null : await customerPage({ ctx, input: { id } });
    return customer ? answerJson(customer) : answerRefused(c, refused("not_found"));
  },
};

const foreignIdIn = (c: HonoContext<ServerEnv>): string | null =>
  ForeignId.safeParse(c.req.param("id")).data ?? null;

function answerOf(entry: Exclude<Entry, { kind: "refused" }>): EntryAnswer {
  const rows = entry.kind === "done" ? entry.rows : [];
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
  const faults = entry.kind === "faults" ? entry.faults : [];
  return {
    written: entry.kind === "done" && entry.written,
    ...{ new: count("new"), changed: count("changed"), same: count("same") },
    customers: entry.kind === "done" ? entry.customers : 0,
    ignored: entry.kind === "unreadable" ? [] : entry.ignored,
    unreadable: entry.kind === "unreadable" ? { code: entry.code, value: entry.value } : null,
    faultCount: faults.length,
    faults: faults.slice(0, most).map((fault) => ({ ...fault, words: wordsOf(fault) })),
    rows: rows
      .filter(({ verdict }) => verdict !== "same")
      .slice(0, most)
      .map(({ row, invoice, totalWas }) => ({
        ...{ row, number: invoice.number, customer: invoice.customer.name ?? invoice.customer.id },
        ...{ currency: invoice.currency, totalMinor: `${invoice.totalMinor}` },
        wasMinor: totalWas === null ? null : `${totalWas}`,
      })),
  };
}
