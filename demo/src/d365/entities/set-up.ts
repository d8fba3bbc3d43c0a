import type { EntitySet } from "../odata/entity.ts";
import { companies, journalNames } from "./journal-headers.ts";

/** Journal names, as set up in each legal entity. */
export const journalNameSet: EntitySet = {
  name: "LedgerJournalNameEntity",
  keys: ["dataAreaId", "Name"],
  company: "dataAreaId",
  hasCompanyContext: true,
  properties: { dataAreaId: "Edm.String", Name: "Edm.String", Description: "Edm.String", Type: "Enum" },
  async load() {
    return companies.flatMap((dataAreaId) =>
      journalNames.map((Name, recid) => ({
        ...{ recid, version: 1 },
        entity: { dataAreaId, Name, Description: Name, Type: "CustPayment" },
      })),
    );
  },
};

export const bankAccounts: EntitySet = {
  name: "BankAccountEntity",
  keys: ["dataAreaId", "BankAccountId"],
  company: "dataAreaId",
  hasCompanyContext: true,
  properties: {
    dataAreaId: "Edm.String",
    BankAccountId: "Edm.String",
    CurrencyCode: "Edm.String",
    Name: "Edm.String",
  },
  async load(sql) {
    const rows = await sql`select * from fo.banks order by company, account`;
    return rows.map((row, recid) => ({
      ...{ recid, version: 1 },
      entity: {
        ...{ dataAreaId: row.company, BankAccountId: row.account },
        ...{ CurrencyCode: row.currency, Name: row.account },
      },
    }));
  },
};
