import { auditName } from "../../actor/actor.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { MoveRefused } from "../errors.ts";
import type { Operator } from "../operator.ts";
import { loadLastMove, loadMove } from "../records/move-record.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { acceptLoss, type EndedMove, type Loss, MoveEnd } from "./lost-server.ts";
import { stopReplication, unsubscribe } from "./replication.ts";
import { endLeftovers, type OnStep, type Run, withSides } from "./sides.ts";
import { dropSource } from "./source.ts";
import { limitRole, unmarkTarget } from "./target.ts";

/**
 * Drops the old copy of a tenant that has moved, its role with it. Killed at any point, it is called again;
 * confirming what is confirmed changes nothing.
 *
 * @throws TenantUnknown; MoveRefused when it has not moved, or not yet, or a reason to do without the old copy's
 * server is given and that answers; Error when it does not and none is
 */
export async function confirmMove({
  ctx,
  input,
  onStep = () => {},
}: {
  ctx: Operator;
  input: MoveEnd;
  onStep?: OnStep;
}): Promise<EndedMove> {
  const { slug, forceReason } = MoveEnd.parse(input);
  const { registry } = ctx;
  const record = await registry.findBySlug(slug);
  if (!record) throw new TenantUnknown(`no tenant ${slug}`);
  return withTenantLock({ ctx, tenantId: record.id }, async () => {
    const move = await loadLastMove(registry.sql, record.id);
    if (!move || move.abortedAt) throw new MoveRefused(`no move of ${slug} waits to be confirmed`);
    if (!move.switchedAt) {
      throw new MoveRefused(
        `${slug} has not moved yet: clarity tenant move goes on, clarity tenant move-abort ends it`,
      );
    }
    if (move.confirmedAt) return { ...move, loss: null };
    const loss = await withSides({ ctx, move, record }, (run) => finish(run, { forceReason, onStep }));
    await onStep("recordConfirmation");
    await registry.sql`
      with move as (
        update moves set confirmed_at = clock_timestamp() where id = ${move.id} and confirmed_at is null returning *
      )
      insert into operator_audit (operator, action, tenant_id, detail)
      select ${auditName(ctx.actor)}, 'tenant.move.confirm', tenant_id,
        jsonb_build_object('move', id) || ${registry.sql.json(loss ?? {})} from move`;
    await onStep("done");
    return { ...(await loadMove(registry.sql, move.id)), loss };
  });
}

async function finish(
  run: Run,
  { forceReason, onStep }: { forceReason: string | null; onStep: OnStep },
): Promise<Loss | null> {
  const loss = forceReason === null ? null : await acceptLoss(run, "source", forceReason);
  if (!loss) await endLeftovers(run, "source");
  await endLeftovers(run, "target");
  // The move may have been killed right after the switch.
  const steps = loss
    ? [unsubscribe, unmarkTarget, limitRole]
    : [stopReplication, unmarkTarget, limitRole, dropSource];
  for (const step of steps) {
    await onStep(step.name);
    await step(run);
  }
  return loss;
}
