import type { TransactionSql } from "postgres";
import type { CustomerPaymentBody } from "./customer-payment-body.ts";
import { userError } from "./errors.ts";
import type { Features } from "./features.ts";

/**
 * Where the money goes. Unless `undepFunds` says no it is Undeposited Funds, whatever account is named; an
 * account belongs to subsidiaries and, when it is a bank's, to a currency.
 * @returns the account's id; null: Undeposited Funds @throws RestError `USER_ERROR`
 */
export async function depositOf(
  tx: TransactionSql,
  wanted: {
    body: CustomerPaymentBody;
    features: Features;
    currency: { id: number; symbol: string };
    subsidiary: number;
  },
): Promise<number | null> {
  const { body, features, currency, subsidiary } = wanted;
  if (body.undepFunds?.id !== "F") return null;
  if (!body.account) throw userError("Please enter value(s) for: Account", "account");
  const [account] = await tx<
    { id: number; fullname: string; currency: number | null; mapped: boolean; of: string | null }[]
  >`
    select a.id, a.fullname, a.currency,
      exists (select from suiteql.accountsubsidiarymap m where m.account = a.id and m.subsidiary = ${subsidiary}) as mapped,
      (select name from suiteql.subsidiary where id = ${subsidiary}) as of
    from suiteql.account a where a.id::text = ${body.account.id} and a.isinactive = 'F'`;
  if (!account) {
    throw userError(`Invalid Field Value ${body.account.id} for the following field: account`, "account");
  }
  if (features.subsidiaries && !account.mapped) {
    throw userError(
      `The ${account.fullname} account cannot be used with the ${account.of} subsidiary.`,
      "account",
    );
  }
  if (features.multiCurrency && account.currency !== null && account.currency !== currency.id) {
    throw userError(
      `The ${account.fullname} account cannot be used with the ${currency.symbol} currency.`,
      "account",
    );
  }
  return account.id;
}
