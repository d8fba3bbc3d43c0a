import type { TransactionSql } from "postgres";
import { z } from "zod";
import type { Sql } from "../../shared/database.ts";
import { fitsCurrency, toJsonNumber } from "../../shared/decimal.ts";
import { today } from "../../shared/seed-plan.ts";
import { writeFailed } from "../errors.ts";
import {
  dayOf,
  type EntitySet,
  escapeDisplayValue,
  unescapeDisplayValue,
  wireDate,
} from "../odata/entity.ts";
import { unmarking } from "../unmarking.ts";
import { openInvoice } from "./open-invoice.ts";

const name = "CustomerPaymentJournalLineEntity";

const Line = z.looseObject({
  dataAreaId: z.string().transform((id) => id.toLowerCase()),
  JournalBatchNumber: z.string().min(1),
  LineNumber: z.number().int().positive().optional(),
  AccountType: z.literal("Cust").default("Cust"),
  AccountDisplayValue: z.string().min(1),
  CreditAmount: z.number().positive(),
  CurrencyCode: z.string().regex(/^[A-Z]{3}$/),
  TransactionDate: z.string().optional(),
  MarkedInvoice: z.string().default(""),
  OffsetAccountType: z.string().default("Bank"),
  OffsetAccountDisplayValue: z.string().default(""),
  OffsetCompany: z.string().optional(),
});

/** Kept as they came; what was not sent reads as empty. */
const kept = {
  PaymentMethodName: "",
  PaymentReference: "",
  PaymentId: "",
  PaymentNotes: "",
  TransactionText: "",
  OffsetAccountType: "Bank",
  OffsetAccountDisplayValue: "",
  OffsetCompany: "",
  MarkedInvoiceCompany: "",
  SettleVoucher: "None",
  PostingProfile: "GEN",
};

export const journalLines: EntitySet = {
  name,
  keys: ["dataAreaId", "JournalBatchNumber", "LineNumber"],
  company: "dataAreaId",
  hasCompanyContext: true,
  properties: {
    dataAreaId: "Edm.String",
    JournalBatchNumber: "Edm.String",
    LineNumber: "Edm.Decimal",
    Company: "Edm.String",
    AccountType: "Enum",
    AccountDisplayValue: "Edm.String",
    CreditAmount: "Edm.Decimal",
    DebitAmount: "Edm.Decimal",
    CurrencyCode: "Edm.String",
    TransactionDate: "Edm.DateTimeOffset",
    Voucher: "Edm.String",
    MarkedInvoice: "Edm.String",
    PaymentMethodName: "Edm.String",
    PaymentReference: "Edm.String",
    PaymentId: "Edm.String",
    PaymentNotes: "Edm.String",
    TransactionText: "Edm.String",
    OffsetAccountType: "Enum",
    OffsetAccountDisplayValue: "Edm.String",
    OffsetCompany: "Edm.String",
    MarkedInvoiceCompany: "Edm.String",
    SettleVoucher: "Enum",
    PostingProfile: "Edm.String",
  },
  async load(sql) {
    const rows = await sql`
      select l.*, (select count(*)::int from fo.marked_invoices m where (m.company, m.batch, m.line) = (l.company, l.batch, l.line)) as several,
        (select min(invoice) from fo.marked_invoices m where (m.company, m.batch, m.line) = (l.company, l.batch, l.line)) as one
      from fo.journal_lines l order by company, batch, line`;
    return rows.map((row) => ({
      recid: row.recid,
      version: row.version,
      entity: {
        dataAreaId: row.company,
        JournalBatchNumber: row.batch,
        LineNumber: row.line,
        Company: row.company,
        AccountType: "Cust",
        AccountDisplayValue: escapeDisplayValue(row.account),
        CreditAmount: toJsonNumber(row.credit),
        DebitAmount: 0,
        CurrencyCode: row.currency,
        TransactionDate: wireDate(row.trans_date),
        Voucher: row.voucher,
        // Several are an asterisk; which, the settled invoices say.
        MarkedInvoice: row.several > 1 ? "*" : (row.one ?? row.marked_invoice),
        ...kept,
        ...row.fields,
      },
    }));
  },
  async create(sql, body) {
    const parsed = Line.safeParse(body);
    if (!parsed.success) throw writeFailed(name, z.prettifyError(parsed.error));
    const line = await insert(sql, parsed.data, body);
    return {
      dataAreaId: parsed.data.dataAreaId,
      JournalBatchNumber: parsed.data.JournalBatchNumber,
      LineNumber: line,
    };
  },
  async update(sql, key, body) {
    const fields = Object.fromEntries(Object.entries(body).filter(([field]) => field in kept));
    const [row] = await sql`
      update fo.journal_lines l set fields = fields || ${sql.json(fields as never)}, version = l.version + 1
      from fo.journal_headers h
      where (h.company, h.batch) = (l.company, l.batch) and h.posted_at is null
        and l.company = ${String(key.dataAreaId)} and l.batch = ${String(key.JournalBatchNumber)} and l.line = ${Number(key.LineNumber)}
      returning 1`;
    if (!row) throw writeFailed(name, `Journal ${key.JournalBatchNumber} is posted`);
  },
  async remove(sql, key) {
    const [row] = await sql`
      delete from fo.journal_lines l using fo.journal_headers h
      where (h.company, h.batch) = (l.company, l.batch) and h.posted_at is null
        and l.company = ${String(key.dataAreaId)} and l.batch = ${String(key.JournalBatchNumber)} and l.line = ${Number(key.LineNumber)}
      returning 1`;
    if (!row) throw writeFailed(name, `Journal ${key.JournalBatchNumber} is posted`);
  },
};

async function insert(sql: Sql, line: z.infer<typeof Line>, body: Record<string, unknown>): Promise<number> {
  const account = unescapeDisplayValue(line.AccountDisplayValue);
  if (!fitsCurrency(line.CreditAmount, line.CurrencyCode)) {
    throw writeFailed(
      name,
      `Amount ${line.CreditAmount} is not a whole number of ${line.CurrencyCode} units`,
    );
  }
  return sql.begin(async (tx) => {
    const [header] = await tx<{ posted_at: Date | null }[]>`
      select posted_at from fo.journal_headers
      where company = ${line.dataAreaId} and batch = ${line.JournalBatchNumber} for update`;
    if (!header) throw writeFailed(name, `Journal ${line.JournalBatchNumber} does not exist`);
    if (header.posted_at) throw writeFailed(name, `Journal ${line.JournalBatchNumber} is posted`);
    const [customer] =
      await tx`select 1 from fo.customers where company = ${line.dataAreaId} and account = ${account}`;
    if (!customer)
      throw writeFailed(name, `Account number ${account} for transaction type Customer does not exist`);
    if (line.MarkedInvoice) {
      const invoice = {
        company: line.dataAreaId,
        account,
        invoice: line.MarkedInvoice,
        currency: line.CurrencyCode,
      };
      await openInvoice(tx, invoice, name);
    }
    await acceptingBank(tx, line);
    const fields = Object.fromEntries(Object.entries(body).filter(([field]) => field in kept));
    const marked = unmarking.take() ? "" : line.MarkedInvoice;
    const [row] = await tx<{ line: number }[]>`
      insert into fo.journal_lines (company, batch, line, account, credit, currency, trans_date, fields, marked_invoice, voucher)
      values (${line.dataAreaId}, ${line.JournalBatchNumber},
        coalesce(${line.LineNumber ?? null}::int,
          (select coalesce(max(line), 0) + 1 from fo.journal_lines where company = ${line.dataAreaId} and batch = ${line.JournalBatchNumber})),
        ${account}, ${String(line.CreditAmount)}, ${line.CurrencyCode}, ${dayOf(line.TransactionDate) ?? today()},
        ${tx.json(fields as never)}, ${marked}, 'CPV-' || nextval('fo.vouchers'))
      on conflict do nothing returning line`;
    if (!row) throw writeFailed(name, "The record already exists");
    return row.line;
  });
}

/** A bank account is of one legal entity and currency, unless it allows transactions in additional ones. */
async function acceptingBank(tx: TransactionSql, line: z.infer<typeof Line>): Promise<void> {
  if (line.OffsetAccountType !== "Bank") return;
  const account = unescapeDisplayValue(line.OffsetAccountDisplayValue);
  const company = (line.OffsetCompany || line.dataAreaId).toLowerCase();
  const [bank] = await tx<{ currency: string; additional: boolean }[]>`
    select currency, additional from fo.banks where company = ${company} and account = ${account}`;
  if (!bank) {
    throw writeFailed(
      name,
      `The value '${account}' in field 'Offset account' is not found in the related table 'Bank accounts'`,
    );
  }
  if (!bank.additional && bank.currency !== line.CurrencyCode) {
    throw writeFailed(
      name,
      `Transactions in currency ${line.CurrencyCode} are not allowed for bank account ${account}`,
    );
  }
}
