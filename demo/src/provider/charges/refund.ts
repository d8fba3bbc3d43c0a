import { newId } from "../accounts/accounts.ts";
import type { Tx } from "../database/database.ts";
import { ApiError } from "../errors.ts";
import { enqueueUpdate } from "../webhooks/enqueue.ts";
import { lockCharge, readCharge } from "./charge.ts";

export interface Refund {
  id: string;
  reference: string;
  amount: string;
  currency: string;
  status: "refunded";
}

/**
 * Gives captured money back, whole or in parts; the last part turns the charge `refunded`.
 * @throws ApiError not_found, not_captured, currency_mismatch, amount_too_large, reference_taken
 */
export async function refund({
  tx,
  accountId,
  input,
}: {
  tx: Tx;
  accountId: string;
  input: { chargeReference: string; reference: string; amount: bigint; currency: string };
}): Promise<Refund> {
  const { chargeReference, reference, amount, currency } = input;
  const held = await lockCharge({ tx, accountId, reference: chargeReference });
  if (held.captured === 0n) throw new ApiError("not_captured", `the charge is ${held.status}`);
  if (currency !== held.currency)
    throw new ApiError("currency_mismatch", `the charge is in ${held.currency}`);
  if (amount > held.captured - held.refunded) {
    throw new ApiError("amount_too_large", "more than what is left of the captured amount");
  }
  const id = newId("re");
  const inserted = await tx`
    insert into refunds (id, account_id, charge_id, reference, amount)
    values (${id}, ${accountId}, ${held.id}, ${reference}, ${amount})
    on conflict (account_id, reference) do nothing returning id`;
  if (inserted.length === 0) throw new ApiError("reference_taken", "a refund with that reference exists");
  await tx`
    update charges set refunded = refunded + ${amount},
      status = case when refunded + ${amount} = captured then 'refunded' else status end
    where id = ${held.id}`;
  const charge = await readCharge({ sql: tx, accountId, reference: chargeReference });
  await enqueueUpdate({ tx, charge });
  return { id, reference, amount: String(amount), currency, status: "refunded" };
}
