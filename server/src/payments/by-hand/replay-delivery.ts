import type { Context } from "../../context/context.ts";
import { replayDeadLetter } from "../../outbox/replay-dead-letter.ts";
import { findDelivery, notGivenUp } from "./find-delivery.ts";
import { type NotDone, notDone, reasonIn } from "./not-done.ts";

/**
 * Gives a delivery that was given up all its tries again, by a person's word.
 *
 * @throws TenantUnavailable
 */
export async function replayDelivery({
  ctx,
  input,
}: {
  ctx: Context;
  input: { id: string; reason: string };
}): Promise<{ kind: "replayed" } | NotDone> {
  const reason = reasonIn(input.reason);
  if (typeof reason !== "string") return reason;
  const delivery = await findDelivery(ctx, input.id);
  if ("words" in delivery) return delivery;
  if (delivery.state !== "dead") return notGivenUp(delivery);
  const { kind } = await replayDeadLetter({ ctx, input: { id: delivery.id, reason } });
  return kind === "replayed" ? { kind } : notDone("busy", "it moved meanwhile: look again");
}
