import { newId } from "../accounts/accounts.ts";
import type { Behavior } from "../cards/magic-cards.ts";
import { findToken } from "../cards/tokens.ts";
import type { Tx } from "../database/database.ts";
import { ApiError } from "../errors.ts";
import { enqueueUpdate } from "../webhooks/enqueue.ts";
import { type Charge, type ChargeStatus, type DeclineCode, readCharge } from "./charge.ts";

export interface ChargeInput {
  reference: string;
  token: string;
  amount: bigint;
  currency: string;
  statement: string;
  returnOrigin: string | null;
}

const challengeLifetimeS = 10 * 60;

/**
 * Reserves the money, declines, or asks for a challenge, as the card was made to act. Never captures.
 * @throws ApiError invalid_token, reference_taken
 */
export async function authorize({
  tx,
  accountId,
  input,
}: {
  tx: Tx;
  accountId: string;
  input: ChargeInput;
}): Promise<{ charge: Charge; behavior: Behavior }> {
  const token = await findToken({ sql: tx, accountId, id: input.token });
  if (!token) throw new ApiError("invalid_token", "no such card token");
  const { status, declineCode } = decide(token.behavior);
  const challengeToken = status === "requires_action" ? newId("cht") : null;
  const inserted = await tx`
    insert into charges (id, account_id, reference, token_id, status, amount, currency, decline_code, statement,
                         return_origin, challenge_token, challenge_expires_at)
    values (${newId("ch")}, ${accountId}, ${input.reference}, ${token.id}, ${status}, ${input.amount},
            ${input.currency}, ${declineCode}, ${input.statement}, ${input.returnOrigin}, ${challengeToken},
            ${challengeToken && tx`now() + make_interval(secs => ${challengeLifetimeS})`})
    on conflict (account_id, reference) do nothing returning id`;
  if (inserted.length === 0) throw new ApiError("reference_taken", "a charge with that reference exists");
  const charge = await readCharge({ sql: tx, accountId, reference: input.reference });
  await enqueueUpdate({ tx, charge });
  return { charge, behavior: token.behavior };
}

function decide(behavior: Behavior): { status: ChargeStatus; declineCode: DeclineCode | null } {
  switch (behavior) {
    case "approve":
    case "hang":
    case "late":
      return { status: "authorized", declineCode: null };
    case "challenge":
      return { status: "requires_action", declineCode: null };
    default:
      return { status: "declined", declineCode: behavior };
  }
}
