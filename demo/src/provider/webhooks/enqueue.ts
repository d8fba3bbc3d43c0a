import { newId } from "../accounts/accounts.ts";
import type { Charge } from "../charges/charge.ts";
import type { Tx } from "../database/database.ts";
import { takeFault } from "../faults/faults.ts";

/** How much later a webhook comes while webhooks are made to be late. */
const lateByS = 15;

/** Writes the news of a charge into the queue, in the transaction that made the news. */
export async function enqueueUpdate({ tx, charge }: { tx: Tx; charge: Charge }): Promise<void> {
  const body = JSON.stringify({
    type: "charge.updated",
    data: { reference: charge.reference, status: charge.status },
  });
  const fault = await takeFault({
    sql: tx,
    modes: ["drop_webhooks", "duplicate_webhooks", "late_webhooks"],
    operation: null,
  });
  await tx`
    insert into events (id, account_id, body, copies, state, due_at)
    values (${newId("evt")}, ${charge.accountId}, ${body}, ${fault === "duplicate_webhooks" ? 2 : 1},
            ${fault === "drop_webhooks" ? "dropped" : "queued"},
            now() + make_interval(secs => ${fault === "late_webhooks" ? lateByS : 0}))`;
}
