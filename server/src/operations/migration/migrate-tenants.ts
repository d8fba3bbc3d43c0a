import type { Migration } from "../../database/migrate.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { tenantMigrations } from "../../tenant/schema.ts";
import type { Operator } from "../operator.ts";
import { targetFinder } from "./find-target.ts";
import { withFleetLock } from "./fleet-lock.ts";
import { migrateRing, type RingWork } from "./migrate-ring.ts";
import { beginRun, endLeftRun, endRun } from "./migration-run.ts";
import { isFailure, type MigratedTenant } from "./outcome.ts";
import { countTenants } from "./pending-tenants.ts";
import { estimate, type Progress } from "./progress.ts";
import { rings } from "./rings.ts";
import { sweepScratchDatabases } from "./scratch-database.ts";
import type { MaxFailures } from "./threshold.ts";

export type { MigratedTenant };

export interface MigrateTenants {
  /** Databases at once. Default 4. */
  parallel?: number | undefined;
  /** Failures a ring may have before the next is begun. Default: none of the canaries, 2 % of other rings. */
  maxFailures?: MaxFailures | undefined;
  /** Try parked tenants too; who gets through is parked no longer. Default false. */
  retryParked?: boolean | undefined;
  /** Only this tenant. Default: all. */
  slug?: string | undefined;
  /** Wait for another run's end instead of refusing. Default false. */
  wait?: boolean | undefined;
  /** Default: this code's. */
  migrations?: readonly Migration[] | undefined;
}

export interface FleetMigration {
  /** null: there was nothing to do. */
  readonly runId: string | null;
  /** It went on with a run that was killed. */
  readonly resumed: boolean;
  readonly target: number;
  readonly state: "finished" | "halted";
  /** Why it halted. */
  readonly reason: string | null;
  /** Tenants that were not at the target when it began, by ring and slug. */
  readonly tenants: MigratedTenant[];
}

/**
 * Brings tenants' databases to this code's schema, ring by ring, a few at a time. A ring with more failures than
 * allowed, tenants parked earlier included, is the last. Killed at any point, it is called again and goes on.
 *
 * @param onProgress is told after each tenant
 * @param onStep is told each step's name before it runs, and `done` at the end
 * @throws TenantUnknown; FleetBusy when another process does it already
 */
export async function migrateTenants({
  ctx,
  input,
  onProgress = () => {},
  onStep = () => {},
}: {
  ctx: Operator;
  input: MigrateTenants;
  onProgress?: (progress: Progress) => void;
  onStep?: (step: string) => void | Promise<void>;
}): Promise<FleetMigration> {
  const { migrations = tenantMigrations(), retryParked = false, slug, wait = false } = input;
  const scope = { target: migrations.length, slug, retryParked };
  if (slug !== undefined && !(await ctx.registry.findBySlug(slug))) {
    throw new TenantUnknown(`no tenant ${slug}: clarity tenant list shows them`);
  }
  return withFleetLock({ ctx, wait }, async () => {
    await sweepScratchDatabases({ ctx });
    const counts = await countTenants({ ctx, scope });
    const sum = (key: "behind" | "pending") =>
      [...counts.values()].reduce((total, ring) => total + ring[key], 0);
    if (sum("behind") === 0) {
      await endLeftRun({ ctx, scope });
      return nothingToDo(scope.target);
    }
    await onStep("begin");
    const { id: runId, resumed, doneBefore } = await beginRun({ ctx, scope, pending: sum("pending") });
    const report = progressReporter({ total: sum("pending"), doneBefore, onProgress });
    const work = { ctx, runId, scope, migrations, findTarget: targetFinder(ctx), input, onStep, report };
    const tenants: MigratedTenant[] = [];
    let reason: string | null = null;
    for (const ring of rings) {
      reason = await migrateRing({ ...work, ring, size: counts.get(ring)?.all ?? 0 }, tenants);
      if (reason !== null) break;
    }
    await onStep("end");
    await endRun({ ctx, runId, reason });
    await onStep("done");
    return {
      runId,
      resumed,
      target: scope.target,
      state: reason === null ? "finished" : "halted",
      reason,
      tenants,
    };
  });
}

const nothingToDo = (target: number): FleetMigration => ({
  runId: null,
  resumed: false,
  target,
  state: "finished",
  reason: null,
  tenants: [],
});

function progressReporter(input: {
  total: number;
  doneBefore: number;
  onProgress: (progress: Progress) => void;
}): RingWork["report"] {
  const { doneBefore, onProgress } = input;
  const startedAt = performance.now();
  const counts = { done: doneBefore, failed: 0, total: input.total + doneBefore };
  return (ring, { outcome }) => {
    if (isFailure({ outcome })) counts.failed++;
    else counts.done++;
    const tried = counts.done + counts.failed - doneBefore;
    onProgress(estimate({ ring, ...counts }, { tried, elapsedMs: performance.now() - startedAt }));
  };
}
