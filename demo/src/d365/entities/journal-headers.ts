import { writeFailed } from "../errors.ts";
import type { Entity, EntitySet } from "../odata/entity.ts";

const name = "CustomerPaymentJournalHeaderEntity";
/** Journal names set up for customer payments. */
export const journalNames = ["CustPay", "CardPay"];
export const companies = ["usmf", "demf", "dat"];

export const journalHeaders: EntitySet = {
  name,
  keys: ["dataAreaId", "JournalBatchNumber"],
  company: "dataAreaId",
  hasCompanyContext: true,
  properties: {
    dataAreaId: "Edm.String",
    JournalBatchNumber: "Edm.String",
    JournalName: "Edm.String",
    Description: "Edm.String",
    IsPosted: "Enum",
  },
  async load(sql) {
    const rows = await sql`select * from fo.journal_headers order by company, batch`;
    return rows.map((row) => ({
      recid: row.recid,
      version: row.version,
      entity: {
        dataAreaId: row.company,
        JournalBatchNumber: row.batch,
        JournalName: row.journal_name,
        Description: row.description,
        IsPosted: row.posted_at ? "Yes" : "No",
      },
    }));
  },
  async create(sql, body) {
    const company = companies.find((known) => known === String(body.dataAreaId).toLowerCase());
    if (!company) throw writeFailed(name, `Company '${body.dataAreaId}' does not exist`);
    const journal = journalNames.find(
      (known) => known.toLowerCase() === String(body.JournalName).toLowerCase(),
    );
    if (!journal) {
      throw writeFailed(
        name,
        `The value '${body.JournalName ?? ""}' in field 'Name' is not found in the related table 'Journal names'`,
      );
    }
    const wanted =
      typeof body.JournalBatchNumber === "string" && body.JournalBatchNumber ? body.JournalBatchNumber : null;
    const [row] = await sql<{ batch: string }[]>`
      insert into fo.journal_headers (company, batch, journal_name, description)
      values (${company}, coalesce(${wanted}, lpad(nextval('fo.batch_numbers')::text, 5, '0')), ${journal},
        ${String(body.Description ?? "")})
      on conflict do nothing returning batch`;
    if (!row) throw writeFailed(name, "The record already exists");
    return { dataAreaId: company, JournalBatchNumber: row.batch };
  },
  async update(sql, key: Entity, body) {
    refusePosted(key, name);
    await sql`
      update fo.journal_headers set version = version + 1, description = coalesce(${(body.Description as string) ?? null}, description)
      where company = ${String(key.dataAreaId)} and batch = ${String(key.JournalBatchNumber)}`;
  },
  async remove(sql, key: Entity) {
    refusePosted(key, name);
    await sql`
      delete from fo.journal_headers
      where company = ${String(key.dataAreaId)} and batch = ${String(key.JournalBatchNumber)} and posted_at is null`;
  },
};

function refusePosted(header: Entity, entity: string): void {
  if (header.IsPosted === "Yes") throw writeFailed(entity, `Journal ${header.JournalBatchNumber} is posted`);
}
