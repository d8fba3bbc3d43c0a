import { z } from "zod";
import type { Context } from "../../context/context.ts";
import type { OutboxRow } from "../../outbox/outbox-row.ts";
import { type NotDone, notDone } from "./not-done.ts";

/** A delivery, as a person's verb looks at it. */
export interface DeliveryInHand {
  tenant_id: string;
  id: string;
  kind: OutboxRow["kind"];
  payment_id: string;
  state: "due" | "done" | "dead";
  /** A person has said that it was made. */
  by_hand: boolean;
}

/** @throws TenantUnavailable */
export async function findDelivery(ctx: Context, id: string): Promise<DeliveryInHand | NotDone> {
  const missing = notDone("not_found", `there is no delivery ${id}`);
  if (!z.uuid().safeParse(id).success) return missing;
  const [row] = await ctx.db.query<DeliveryInHand>`
    select tenant_id, id, kind, payment_id, state, coalesce((result -> 'byHand')::boolean, false) as by_hand
    from pay.outbox where tenant_id = ${ctx.tenant.id}::uuid and id = ${id}::uuid`;
  return row ?? missing;
}

/** What a person may not do with one that goes on by itself, or has arrived. */
export const notGivenUp = ({ state }: Pick<DeliveryInHand, "state">): NotDone =>
  notDone(
    "does_not_apply",
    state === "done"
      ? "it was made: there is nothing to do"
      : "it is on its way again: wait what becomes of it",
  );
