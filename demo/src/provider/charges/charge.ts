import type { Brand, Funding } from "../cards/bins.ts";
import type { Queries, Tx } from "../database/database.ts";
import { ApiError } from "../errors.ts";

export type ChargeStatus =
  | "requires_action"
  | "authorized"
  | "captured"
  | "declined"
  | "canceled"
  | "refunded";

export type DeclineCode =
  | "declined"
  | "insufficient_funds"
  | "expired_card"
  | "incorrect_cvc"
  | "authentication_failed";

/** A charge with its card, as stored. Amounts in minor units of `currency`. */
export interface Charge {
  id: string;
  accountId: string;
  /** The merchant's own name for it, unique within the account. */
  reference: string;
  status: ChargeStatus;
  amount: bigint;
  currency: string;
  captured: bigint;
  refunded: bigint;
  brand: Brand;
  funding: Funding;
  last4: string;
  declineCode: DeclineCode | null;
  /** At most 22 characters, on the payer's statement. */
  statement: string;
  /** The origin that frames the challenge page and is told when it is over. */
  returnOrigin: string | null;
  /** Opens the challenge page; good for one decision. */
  challengeToken: string | null;
  challengeExpiresAt: Date | null;
  createdAt: Date;
  capturedAt: Date | null;
}

/** The charge as merchants read it, in API.md's order of fields. */
export function toView(charge: Charge, publicOrigin: string) {
  return {
    id: charge.id,
    reference: charge.reference,
    status: charge.status,
    amount: String(charge.amount),
    currency: charge.currency,
    captured: String(charge.captured),
    refunded: String(charge.refunded),
    card: { brand: charge.brand, funding: charge.funding, last4: charge.last4 },
    declineCode: charge.declineCode,
    challengeUrl:
      charge.status === "requires_action"
        ? `${publicOrigin}/3ds/${charge.id}?t=${charge.challengeToken}`
        : null,
    createdAt: charge.createdAt.toISOString(),
    capturedAt: charge.capturedAt?.toISOString() ?? null,
  };
}

/** Newest first; the newest 10,000 are plenty for a sandbox and keep the answer bounded. */
export async function listCharges({
  sql,
  accountId,
}: {
  sql: Queries;
  accountId: string;
}): Promise<Charge[]> {
  return sql<Charge[]>`
    select charges.*, brand, funding, last4 from charges join tokens on tokens.id = charges.token_id
    where charges.account_id = ${accountId} order by seq desc limit 10000`;
}

/** @throws ApiError not_found, for another account's reference too. */
export async function readCharge({
  sql,
  accountId,
  reference,
}: {
  sql: Queries;
  accountId: string;
  reference: string;
}): Promise<Charge> {
  const [charge] = await sql<Charge[]>`
    select charges.*, brand, funding, last4 from charges join tokens on tokens.id = charges.token_id
    where charges.account_id = ${accountId} and reference = ${reference}`;
  if (!charge) throw new ApiError("not_found", "no charge with that reference");
  return charge;
}

/** By our own id, `ch_…`. @throws ApiError not_found, for another account's charge too. */
export async function readChargeById({
  sql,
  accountId,
  id,
}: {
  sql: Queries;
  accountId: string;
  id: string;
}): Promise<Charge> {
  const [charge] = await sql<Charge[]>`
    select charges.*, brand, funding, last4 from charges join tokens on tokens.id = charges.token_id
    where charges.account_id = ${accountId} and charges.id = ${id}`;
  if (!charge) throw new ApiError("not_found", "no charge with that id");
  return charge;
}

/**
 * Holds the charge's row until the transaction ends: whoever wants to move its money waits in line.
 * @throws ApiError not_found
 */
export async function lockCharge(input: { tx: Tx; accountId: string; reference: string }): Promise<Charge> {
  const { tx, accountId, reference } = input;
  await tx`select 1 from charges where account_id = ${accountId} and reference = ${reference} for update`;
  return readCharge({ sql: tx, accountId, reference });
}
