import { auditName } from "../actor/actor.ts";
import type { Context } from "../context/context.ts";
import { wake } from "../context/wake.ts";

/**
 * Gives a dead letter all its tries again, from now. What the ERP already has is found, not posted twice.
 *
 * @param input.reason a person's, for the audit log; default: none was asked for
 */
export async function replayDeadLetter({
  ctx,
  input,
}: {
  ctx: Context;
  input: { id: string; reason?: string };
}): Promise<{ kind: "replayed" | "not_dead" }> {
  const rows = await ctx.db.query`
    with revived as (
      update pay.outbox set state = 'due', tries = 0, due_at = now(), leased_until = '-infinity'
      where tenant_id = ${ctx.tenant.id}::uuid and id = ${input.id}::uuid and state = 'dead'
      returning tenant_id, kind, payment_id
    )
    insert into pay.audit_log (tenant_id, actor, action, subject, detail)
    select tenant_id, ${auditName(ctx.actor)}, 'outbox.replayed', payment_id::text,
      jsonb_strip_nulls(jsonb_build_object('outbox', ${input.id}::text, 'kind', kind,
        'reason', ${input.reason ?? null}::text))
    from revived
    returning tenant_id`;
  if (rows.length === 0) return { kind: "not_dead" };
  await wake(ctx, [{ kind: "outbox", id: input.id }]);
  return { kind: "replayed" };
}
