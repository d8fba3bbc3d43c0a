import type { Context } from "../context.ts";
import { leaseS, type OutboxRow } from "./outbox-row.ts";

/** Makes us the one who works on a row; `null` when it is not due, another has it, or there is none. */
export async function leaseRow({
  ctx,
  input,
}: {
  ctx: Context;
  input: { id: string };
}): Promise<OutboxRow | null> {
  const [row] = await ctx.db.query<OutboxRow>`
    update pay.outbox
    set leased_until = now() + make_interval(secs => ${leaseS}), tries = tries + 1
    where tenant_id = ${ctx.tenant.id}::uuid and id = ${input.id}::uuid
      and state = 'due' and due_at <= now() and leased_until <= now()
    returning tenant_id, id, kind, payment_id, tries`;
  return row ?? null;
}
