import { createHmac } from "node:crypto";
import { type Account, newId } from "../accounts/accounts.ts";
import type { Queries, Sql } from "../database/database.ts";
import { ApiError } from "../errors.ts";
import { type Bin, lookUpBin } from "./bins.ts";
import { type CardInput, checkCard } from "./check-card.ts";
import { type Behavior, behaviorOf } from "./magic-cards.ts";

export interface Token extends Bin {
  id: string;
  last4: string;
  /** The same for a card in this account, whatever its token; `null`: made before there were any. */
  fingerprint: string | null;
  behavior: Behavior;
}

/**
 * Trades card data for a token. The number lives in this call's memory only: brand, funding, country,
 * last 4, a fingerprint and behaviour are what is written.
 * @throws ApiError invalid_card
 */
export async function createToken({
  sql,
  account,
  input,
}: {
  sql: Sql;
  account: Pick<Account, "id" | "secretKey">;
  input: CardInput;
}): Promise<Token> {
  const number = checkCard(input, new Date());
  if (number === null) throw new ApiError("invalid_card", "the card's number, expiry or code is not valid");
  const token: Token = {
    id: newId("tok"),
    ...lookUpBin(number.slice(0, 8)),
    last4: number.slice(-4),
    fingerprint: `fp_${createHmac("sha256", account.secretKey).update(number).digest("base64url").slice(0, 24)}`,
    behavior: behaviorOf(number),
  };
  await sql`
    insert into tokens (id, account_id, brand, funding, country, last4, fingerprint, behavior)
    values (${token.id}, ${account.id}, ${token.brand}, ${token.funding}, ${token.country}, ${token.last4},
            ${token.fingerprint}, ${token.behavior})`;
  return token;
}

/** The account's token, or `undefined`: another account's is as unknown as one that never was. */
export async function findToken({
  sql,
  accountId,
  id,
}: {
  sql: Queries;
  accountId: string;
  id: string;
}): Promise<Token | undefined> {
  const [token] = await sql<Token[]>`
    select id, brand, funding, country, last4, fingerprint, behavior from tokens
    where id = ${id} and account_id = ${accountId}`;
  return token;
}
