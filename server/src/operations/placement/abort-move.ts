import { auditName } from "../../actor/actor.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { MoveRefused } from "../errors.ts";
import type { Operator } from "../operator.ts";
import { loadLastMove, loadMove, type MoveRecord } from "../records/move-record.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { acceptLoss, type EndedMove, type Loss, MoveEnd } from "./lost-server.ts";
import { stopReplication, unpublish } from "./replication.ts";
import { endLeftovers, type OnStep, type Run, withSides } from "./sides.ts";
import { resumeSource } from "./source.ts";
import { dropTarget } from "./target.ts";

/**
 * Ends a move before its switch: the tenant is served where it was, and nothing of it is left elsewhere. Killed at
 * any point, it is called again; aborting what is aborted changes nothing.
 *
 * @throws TenantUnknown; MoveRefused when there is none, it has switched, or a reason to do without the other server
 * is given and that answers; Error when it does not and none is: the tenant is served all the same
 */
export async function abortMove({
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
    if (!move || move.confirmedAt) throw new MoveRefused(`no move of ${slug} is under way`);
    if (move.switchedAt) throw hasSwitched(move);
    if (move.abortedAt) return { ...move, loss: null };
    const loss = await withSides({ ctx, move, record }, (run) => undo(run, { forceReason, onStep }));
    await onStep("recordAbortion");
    await recordAbortion({ ctx, move, reason: "asked for", loss });
    await onStep("done");
    return { ...(await loadMove(registry.sql, move.id)), loss };
  });
}

async function undo(
  run: Run,
  { forceReason, onStep }: { forceReason: string | null; onStep: OnStep },
): Promise<Loss | null> {
  const { move } = run;
  const loss = forceReason === null ? null : await acceptLoss(run, "target", forceReason);
  // Before the other server is asked for anything: it may be lost, and is not needed for that.
  await endLeftovers(run, "source");
  await onStep(resumeSource.name);
  if (!(await resumeSource(run))) throw hasSwitched(move);
  // Nothing was made elsewhere for a tenant whose rows stay.
  if (move.from.server === move.to.server) return null;
  if (!loss) await endLeftovers(run, "target");
  for (const step of loss ? [unpublish] : [stopReplication, dropTarget]) {
    await onStep(step.name);
    await step(run);
  }
  return loss;
}

/** The last of it: the move is over, and nothing has changed. */
export async function recordAbortion(input: {
  ctx: Operator;
  move: MoveRecord;
  reason: string;
  loss?: Loss | null;
}): Promise<void> {
  const { ctx, move, reason, loss } = input;
  await ctx.registry.sql`
    with move as (
      update moves set aborted_at = clock_timestamp()
      where id = ${move.id} and switched_at is null and aborted_at is null returning *
    )
    insert into operator_audit (operator, action, tenant_id, detail)
    select ${auditName(ctx.actor)}, 'tenant.move.abort', tenant_id,
      jsonb_build_object('move', id, 'reason', ${reason}::text) || ${ctx.registry.sql.json(loss ?? {})} from move`;
}

const hasSwitched = ({ slug, from }: MoveRecord) =>
  new MoveRefused(
    `${slug} has moved: clarity tenant move-confirm, then clarity tenant move back to ${from.server ?? "main"}`,
  );
