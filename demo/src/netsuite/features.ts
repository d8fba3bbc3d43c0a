import { Hono } from "hono";
import { z } from "zod";
import type { ErpEnv } from "../shared/faults.ts";

/** Setup > Company > Enable Features: what is off takes records, columns and fields away. */
export interface Features {
  multiCurrency: boolean;
  subsidiaries: boolean;
  paymentInstruments: boolean;
}

const allOn: Features = { multiCurrency: true, subsidiaries: true, paymentInstruments: true };

/** Payment instruments change no column. */
export const everySetOfFeatures: Features[] = [true, false].flatMap((multiCurrency) =>
  [true, false].map((subsidiaries) => ({ ...allOn, multiCurrency, subsidiaries })),
);

/** The PostgreSQL schema in which an account with these features looks for its records. */
export const schemaOf = ({ multiCurrency, subsidiaries }: Features): string =>
  `suiteql_${multiCurrency ? "many" : "one"}_${subsidiaries ? "world" : "company"}`;

/** Records of SuiteQL in an account with these features. */
export const recordsOf = ({ multiCurrency, subsidiaries }: Features): string[] => [
  ...["transaction", "transactionline", "customer", "account"],
  ...(multiCurrency ? ["currency"] : []),
  ...(subsidiaries ? ["subsidiary", "accountsubsidiarymap"] : []),
];

/** Each record a view, with the columns that are left. */
export function viewsOf(features: Features): string {
  const { multiCurrency, subsidiaries } = features;
  const schema = schemaOf(features);
  const [currency, subsidiary] = [multiCurrency ? ", currency" : "", subsidiaries ? ", subsidiary" : ""];
  return `
drop schema if exists ${schema} cascade;
create schema ${schema};
create view ${schema}.transaction as
  select id, tranid, externalid, type, entity${currency}, trandate, duedate, foreigntotal, foreignamountunpaid,
    posting, voided, memo from suiteql.transaction;
-- Who forgets mainline meets every invoice twice.
create view ${schema}.transactionline as
  select id as transaction, 0 as id, 'T' as mainline${subsidiary} from suiteql.transaction
  union all select id, 1, 'F'${subsidiary} from suiteql.transaction where type = 'CustInvc';
create view ${schema}.customer as select id, entityid, companyname, email, isinactive from suiteql.customer;
create view ${schema}.account as
  select id, acctnumber, fullname, accttype, isinactive${currency} from suiteql.account;
${multiCurrency ? `create view ${schema}.currency as select * from suiteql.currency;` : ""}
${
  subsidiaries
    ? `create view ${schema}.subsidiary as select id, name${currency} from suiteql.subsidiary;
create view ${schema}.accountsubsidiarymap as select * from suiteql.accountsubsidiarymap;`
    : ""
}`;
}

/** Whatever is not said to be off is on. */
const Wanted = z.object({
  multiCurrency: z.boolean().default(true),
  subsidiaries: z.boolean().default(true),
  paymentInstruments: z.boolean().default(true),
});

/** The features of one account; all on again after a restart. */
export class FeatureSwitches {
  now: Features = { ...allOn };

  /** `GET` and `POST /demo/features`. */
  routes(): Hono<ErpEnv> {
    return new Hono<ErpEnv>()
      .get("/demo/features", (c) => c.json(this.now))
      .post("/demo/features", async (c) => {
        const wanted = Wanted.safeParse(await c.req.json().catch(() => null));
        if (!wanted.success) return c.json({ error: z.prettifyError(wanted.error) }, 400);
        this.now = wanted.data;
        return c.json(this.now);
      });
  }
}
