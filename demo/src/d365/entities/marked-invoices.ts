import { z } from "zod";
import { toJsonNumber } from "../../shared/decimal.ts";
import { writeFailed } from "../errors.ts";
import { type EntitySet, wireDate } from "../odata/entity.ts";
import { openInvoice } from "./open-invoice.ts";

const name = "PaymentJournalLineSettledInvoiceEntity";

const Marked = z.looseObject({
  JournalLineCompany: z.string().transform((id) => id.toLowerCase()),
  JournalBatchNumber: z.string(),
  JournalLineNumber: z.number().int(),
  InvoiceNumber: z.string().min(1),
  SettlementAmountInInvoiceCurrency: z.number().positive(),
});

/** The invoices one payment line settles, when there are several. */
export const markedInvoices: EntitySet = {
  name,
  keys: [
    "JournalLineCompany",
    "JournalBatchNumber",
    "JournalLineNumber",
    "InvoiceNumber",
    "InvoiceCompany",
    "InvoiceDueDate",
  ],
  company: "JournalLineCompany",
  hasCompanyContext: false,
  properties: {
    JournalLineCompany: "Edm.String",
    JournalBatchNumber: "Edm.String",
    JournalLineNumber: "Edm.Decimal",
    InvoiceNumber: "Edm.String",
    InvoiceCompany: "Edm.String",
    InvoiceDueDate: "Edm.DateTimeOffset",
    InvoiceAccount: "Edm.String",
    SettlementAmountInInvoiceCurrency: "Edm.Decimal",
    CashDiscountToTakeInInvoiceCurrency: "Edm.Decimal",
    InvoiceToPaymentCrossRate: "Edm.Decimal",
  },
  async load(sql) {
    const rows = await sql`
      select m.*, t.due_date, t.account from fo.marked_invoices m
      join fo.cust_trans t on t.company = m.company and t.invoice = m.invoice and t.type = 'Sales'
      order by m.company, m.batch, m.line, m.invoice`;
    return rows.map((row) => ({
      recid: row.recid,
      version: row.version,
      entity: {
        JournalLineCompany: row.company,
        JournalBatchNumber: row.batch,
        JournalLineNumber: row.line,
        InvoiceNumber: row.invoice,
        InvoiceCompany: row.company,
        InvoiceDueDate: wireDate(row.due_date),
        InvoiceAccount: row.account,
        SettlementAmountInInvoiceCurrency: toJsonNumber(row.amount),
        CashDiscountToTakeInInvoiceCurrency: 0,
        InvoiceToPaymentCrossRate: 100,
      },
    }));
  },
  async create(sql, body) {
    const parsed = Marked.safeParse(body);
    if (!parsed.success) throw writeFailed(name, z.prettifyError(parsed.error));
    const marked = parsed.data;
    const [company, batch, line] = [
      marked.JournalLineCompany,
      marked.JournalBatchNumber,
      marked.JournalLineNumber,
    ];
    return sql.begin(async (tx) => {
      const [found] = await tx<{ account: string; currency: string; posted: boolean }[]>`
        select l.account, l.currency, h.posted_at is not null as posted
        from fo.journal_lines l join fo.journal_headers h on (h.company, h.batch) = (l.company, l.batch)
        where l.company = ${company} and l.batch = ${batch} and l.line = ${line} for update of h`;
      if (!found || found.posted) throw writeFailed(name, `Journal ${batch} has no open line ${line}`);
      const invoice = marked.InvoiceNumber;
      const open = await openInvoice(tx, { company, invoice, ...found }, name, { batch, line });
      if (marked.SettlementAmountInInvoiceCurrency > Number(open)) {
        throw writeFailed(name, `The amount to settle exceeds what is open on invoice ${invoice}`);
      }
      const [row] = await tx`
        insert into fo.marked_invoices (company, batch, line, invoice, amount)
        values (${company}, ${batch}, ${line}, ${invoice}, ${String(marked.SettlementAmountInInvoiceCurrency)})
        on conflict do nothing returning 1`;
      if (!row) throw writeFailed(name, "The record already exists");
      const [due] = await tx`
        select due_date from fo.cust_trans where company = ${company} and invoice = ${invoice} and type = 'Sales'`;
      return {
        JournalLineCompany: company,
        JournalBatchNumber: batch,
        JournalLineNumber: line,
        InvoiceNumber: invoice,
        InvoiceCompany: company,
        InvoiceDueDate: wireDate(due?.due_date),
      };
    });
  },
};
