import type { Queries } from "../database/database.ts";
import type { Charge } from "./charge.ts";

/** A charge beside the name of its account. */
export interface NamedCharge extends Charge {
  merchant: string;
}

/** What an account took in one currency; minor units. */
export interface Total {
  merchant: string;
  /** `null`: the account has no charge yet. */
  currency: string | null;
  charges: bigint;
  captured: bigint;
  refunded: bigint;
}

/** The newest charges of all accounts, for the console. */
export async function listRecent(sql: Queries): Promise<NamedCharge[]> {
  return sql<NamedCharge[]>`
    select charges.*, brand, funding, last4, accounts.name as merchant
    from charges join tokens on tokens.id = token_id join accounts on accounts.id = charges.account_id
    order by seq desc limit 100`;
}

export async function listTotals(sql: Queries): Promise<Total[]> {
  return sql<Total[]>`
    select accounts.name as merchant, currency, count(charges.id) as charges,
      coalesce(sum(captured), 0)::bigint as captured, coalesce(sum(refunded), 0)::bigint as refunded
    from accounts left join charges on charges.account_id = accounts.id
    group by accounts.name, currency order by accounts.name, currency`;
}
