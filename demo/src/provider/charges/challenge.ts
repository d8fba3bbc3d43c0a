import type { Queries, Sql } from "../database/database.ts";
import { ApiError } from "../errors.ts";
import { enqueueUpdate } from "../webhooks/enqueue.ts";
import { type Charge, readCharge } from "./charge.ts";

/** A challenge as its page shows it: the charge, and who asks for the money. */
export interface Challenge extends Charge {
  merchant: string;
  /** Who may frame its page, beside whoever asked for the charge; null: the merchant has never said. */
  origins: string[] | null;
}

/**
 * The charge behind a challenge link, pending or decided.
 * @throws ApiError not_found: no such charge, or not its link
 */
export async function openChallenge(input: { sql: Queries; id: string; token: string }): Promise<Challenge> {
  const { sql, id, token } = input;
  const [challenge] = await sql<Challenge[]>`
    select charges.*, brand, funding, last4, accounts.name as merchant, origins
    from charges join tokens on tokens.id = token_id join accounts on accounts.id = charges.account_id
    where charges.id = ${id} and challenge_token = ${token}`;
  if (!challenge) throw new ApiError("not_found", "no such challenge");
  return challenge;
}

/**
 * Takes the payer's word, once: the first decision stands, and comes too late after the expiry.
 * @throws ApiError not_found
 */
export async function decideChallenge(input: {
  sql: Sql;
  id: string;
  token: string;
  approve: boolean;
}): Promise<Challenge> {
  const { sql, id, token, approve } = input;
  await expireChallenges(sql);
  return sql.begin(async (tx) => {
    const decided = await tx`
      update charges set status = ${approve ? "authorized" : "declined"},
        decline_code = ${approve ? null : "authentication_failed"}
      where id = ${id} and challenge_token = ${token} and status = 'requires_action' returning id`;
    const challenge = await openChallenge({ sql: tx, id, token });
    if (decided.length > 0) await enqueueUpdate({ tx, charge: challenge });
    return challenge;
  });
}

/** Declines what nobody answered in time. Cheap when nothing is due: one look into a partial index. */
export async function expireChallenges(sql: Sql): Promise<void> {
  await sql.begin(async (tx) => {
    const expired = await tx<{ accountId: string; reference: string }[]>`
      update charges set status = 'declined', decline_code = 'authentication_failed'
      where status = 'requires_action' and challenge_expires_at <= now()
      returning account_id, reference`;
    for (const { accountId, reference } of expired) {
      await enqueueUpdate({ tx, charge: await readCharge({ sql: tx, accountId, reference }) });
    }
  });
}
