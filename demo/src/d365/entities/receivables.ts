import { toJsonNumber } from "../../shared/decimal.ts";
import { type EntitySet, wireDate } from "../odata/entity.ts";

export const customers: EntitySet = {
  name: "CustomerV3",
  keys: ["dataAreaId", "CustomerAccount"],
  company: "dataAreaId",
  hasCompanyContext: true,
  properties: {
    dataAreaId: "Edm.String",
    CustomerAccount: "Edm.String",
    OrganizationName: "Edm.String",
    NameAlias: "Edm.String",
    PartyType: "Edm.String",
    CustomerGroupId: "Edm.String",
    SalesCurrencyCode: "Edm.String",
    PrimaryContactEmail: "Edm.String",
    PrimaryContactPhone: "Edm.String",
  },
  async load(sql) {
    const rows = await sql`select * from fo.customers order by company, account`;
    return rows.map((row) => ({
      recid: row.recid,
      version: row.version,
      entity: {
        dataAreaId: row.company,
        CustomerAccount: row.account,
        OrganizationName: row.name,
        NameAlias: row.name,
        PartyType: "Organization",
        CustomerGroupId: "80",
        SalesCurrencyCode: row.currency,
        PrimaryContactEmail: row.email,
        PrimaryContactPhone: "",
      },
    }));
  },
};

/** Open and closed customer transactions: what is left is `AmountCur - SettleAmountCur`. */
export const custTrans: EntitySet = {
  name: "CustTransBiEntity",
  keys: ["dataAreaId", "SourceKey"],
  company: "dataAreaId",
  hasCompanyContext: true,
  properties: {
    dataAreaId: "Edm.String",
    SourceKey: "Edm.Int64",
    AccountNum: "Edm.String",
    CurrencyCode: "Edm.String",
    AmountCur: "Edm.Decimal",
    SettleAmountCur: "Edm.Decimal",
    Invoice: "Edm.String",
    Voucher: "Edm.String",
    TransDate: "Edm.DateTimeOffset",
    DueDate: "Edm.DateTimeOffset",
    Closed: "Edm.DateTimeOffset",
    TransType: "Enum",
  },
  async load(sql) {
    const rows = await sql`select * from fo.cust_trans order by company, recid`;
    return rows.map((row) => ({
      recid: row.recid,
      version: row.version,
      entity: {
        dataAreaId: row.company,
        SourceKey: row.recid,
        AccountNum: row.account,
        CurrencyCode: row.currency,
        AmountCur: toJsonNumber(row.amount),
        SettleAmountCur: toJsonNumber(row.settled),
        Invoice: row.invoice,
        Voucher: row.voucher,
        TransDate: wireDate(row.trans_date),
        DueDate: wireDate(row.due_date),
        Closed: wireDate(row.closed),
        TransType: row.type,
      },
    }));
  },
};
