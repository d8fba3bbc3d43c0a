import type { Tx } from "../database/database.ts";
import { ApiError } from "../errors.ts";
import { enqueueUpdate } from "../webhooks/enqueue.ts";
import { type Charge, lockCharge, readCharge } from "./charge.ts";

/**
 * Takes reserved money, once: what is not taken is let go.
 * @throws ApiError not_found, not_authorized, currency_mismatch, amount_too_large
 */
export async function capture({
  tx,
  accountId,
  input,
}: {
  tx: Tx;
  accountId: string;
  input: { reference: string; amount: bigint; currency: string };
}): Promise<Charge> {
  const { reference, amount, currency } = input;
  const held = await lockCharge({ tx, accountId, reference });
  if (held.status !== "authorized") throw new ApiError("not_authorized", `the charge is ${held.status}`);
  if (currency !== held.currency)
    throw new ApiError("currency_mismatch", `the charge is in ${held.currency}`);
  if (amount > held.amount) throw new ApiError("amount_too_large", "more than was authorised");
  await tx`
    update charges set status = 'captured', captured = ${amount}, captured_at = now() where id = ${held.id}`;
  const charge = await readCharge({ sql: tx, accountId, reference });
  await enqueueUpdate({ tx, charge });
  return charge;
}
