import { TenantUnknown } from "../../tenant/errors.ts";
import { CopyDiffers } from "../errors.ts";
import type { Operator } from "../operator.ts";
import { loadMove, type MoveRecord } from "../records/move-record.ts";
import { applyRoleLimits } from "../servers/role-limits.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { recordAbortion } from "./abort-move.ts";
import { chooseMethod } from "./choose-method.ts";
import { verify } from "./compare-tables.ts";
import { copySequences, copyTables } from "./copy-tables.ts";
import { catchUp, startReplication, stopReplication, waitForCopy } from "./replication.ts";
import { NewMove, requestMove } from "./request-move.ts";
import { endLeftovers, type OnStep, type Run, withSides } from "./sides.ts";
import { holdMigrations, pause, resumeSource, sealSource } from "./source.ts";
import { switchPlace } from "./switch-place.ts";
import { dropTarget, limitRole, openTarget, prepareTarget, unmarkTarget } from "./target.ts";

/**
 * In this order. Each can be run again after it was done, or half done. From `pause` to `switchPlace` the tenant is
 * not served: 503 `tenant_moving`.
 */
const steps = {
  replication: [
    prepareTarget,
    startReplication,
    waitForCopy,
    holdMigrations,
    pause,
    catchUp,
    copySequences,
    verify,
    openTarget,
    switchPlace,
  ],
  copy: [prepareTarget, holdMigrations, pause, copyTables, copySequences, verify, openTarget, switchPlace],
  /** The tenant is served at its new place. */
  afterwards: [stopReplication, sealSource, unmarkTarget],
} as const;

/**
 * Brings a tenant to another database server, instance or tier. Its rows are copied and compared before it is
 * served there; the old copy stays, closed, until `confirmMove`. Killed at any point, it is called again with the
 * same destination and goes on; `abortMove` takes it back before the switch. When a step fails the tenant is served
 * where it was.
 *
 * @param onStep is told each step's name before it runs, and `done` at the end
 * @returns null: the tenant lives there already
 * @throws TenantUnknown, MoveRefused, CopyDiffers; Error with what failed
 */
export async function moveTenant({
  ctx,
  input,
  onStep = () => {},
}: {
  ctx: Operator;
  input: NewMove;
  onStep?: OnStep;
}): Promise<MoveRecord | null> {
  const wanted = NewMove.parse(input);
  const found = await ctx.registry.findBySlug(wanted.slug);
  if (!found) throw new TenantUnknown(`no tenant ${wanted.slug}`);
  return withTenantLock({ ctx, tenantId: found.id }, async () => {
    const record = await ctx.registry.findById(found.id);
    if (!record) throw new TenantUnknown(`no tenant ${wanted.slug}`);
    await onStep("requestMove");
    const move = await requestMove({ ctx, record, wanted });
    if (!move) {
      // A change of tier alone, killed right after its switch, left the role as it was.
      await applyRoleLimits({ ctx, record });
      return null;
    }
    if (move.from.server === move.to.server) await redirect({ ctx, move, onStep });
    else await withSides({ ctx, move, record }, (run) => carryOver(run, onStep));
    await onStep(limitRole.name);
    await limitRole({ ctx, move });
    await onStep("done");
    return loadMove(ctx.registry.sql, move.id);
  });
}

/** The rows stay where they are. */
async function redirect(input: { ctx: Operator; move: MoveRecord; onStep: OnStep }): Promise<void> {
  await input.onStep(switchPlace.name);
  await switchPlace(input);
}

async function carryOver(run: Run, onStep: OnStep): Promise<void> {
  const { ctx, move, record } = run;
  const inTurn = async (list: readonly ((run: Run) => Promise<void>)[]) => {
    for (const step of list) {
      await onStep(step.name);
      await step(run);
      await ctx.registry.sql`insert into move_steps (move_id, step) values (${move.id}, ${step.name})`;
    }
  };
  await endLeftovers(run, "source");
  // An earlier run was killed in the pause, or as it took that back: what it still had under way ends with the claim
  // this makes. Before the target is asked for anything: it may be lost, and is not needed for that.
  const switched = move.switchedAt !== null || (record.status === "moving" && !(await resumeSource(run)));
  await endLeftovers(run, "target");
  if (!switched) {
    try {
      await inTurn(steps[await chooseMethod(run)]);
    } catch (error) {
      if (await goBack(run, error as Error)) throw error;
    }
  }
  await inTurn(steps.afterwards);
}

/**
 * After a failure the tenant is served where it was. What differs cannot be trusted and is dropped; everything else
 * stays, for the next run to go on with.
 *
 * @returns false: it has switched after all
 */
async function goBack(run: Run, error: Error): Promise<boolean> {
  const { ctx, move } = run;
  try {
    if (!(await resumeSource(run))) return false;
    if (!(error instanceof CopyDiffers)) return true;
    await stopReplication(run);
    await dropTarget(run);
    await recordAbortion({ ctx, move, reason: error.message });
    return true;
  } catch (cause) {
    throw new Error(`${error.message}; ${move.slug} may not be served until this is run again`, { cause });
  }
}
