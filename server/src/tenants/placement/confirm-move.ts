import { withTenantLock } from "../deletion/tenant-lock.ts";
import { TenantUnknown } from "../errors.ts";
import type { Operator } from "../provisioning/operator.ts";
import { MoveRefused } from "./errors.ts";
import { loadLastMove, loadMove, type MoveRecord } from "./move-record.ts";
import { stopReplication } from "./replication.ts";
import { endLeftovers, type OnStep, withSides } from "./sides.ts";
import { dropSource } from "./source.ts";
import { unmarkTarget } from "./target.ts";

/**
 * Drops the old copy of a tenant that has moved, its role with it. Killed at any point, it is called again;
 * confirming what is confirmed changes nothing.
 *
 * @throws TenantUnknown; MoveRefused when it has not moved, or not yet
 */
export async function confirmMove({
  ctx,
  input: { slug },
  onStep = () => {},
}: {
  ctx: Operator;
  input: { slug: string };
  onStep?: OnStep;
}): Promise<MoveRecord> {
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
    if (move.confirmedAt) return move;
    await withSides({ ctx, move, record }, async (run) => {
      await endLeftovers(run, "source");
      await endLeftovers(run, "target");
      // The move may have been killed right after the switch.
      for (const step of [stopReplication, unmarkTarget, dropSource]) {
        await onStep(step.name);
        await step(run);
      }
    });
    await onStep("recordConfirmation");
    await registry.sql`
      with move as (
        update moves set confirmed_at = clock_timestamp() where id = ${move.id} and confirmed_at is null returning *
      )
      insert into operator_audit (operator, action, tenant_id, detail)
      select ${ctx.name}, 'tenant.move.confirm', tenant_id, jsonb_build_object('move', id) from move`;
    await onStep("done");
    return loadMove(registry.sql, move.id);
  });
}
