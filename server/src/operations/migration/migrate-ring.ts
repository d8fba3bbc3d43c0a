import type { Migration } from "../../database/migrate.ts";
import { lastContract } from "../../tenant/schema.ts";
import { currentPins, livingInstances } from "../instances.ts";
import type { Operator } from "../operator.ts";
import type { TargetFinder } from "./find-target.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import { migrateOne, resultOf } from "./migrate-one.ts";
import { isFailure, type MigratedTenant } from "./outcome.ts";
import { pendingTenants, readAgain, type Scope } from "./pending-tenants.ts";
import { leftAlone, type Plan, planFor } from "./plan.ts";
import type { Ring } from "./rings.ts";
import { allowedFailures, type MaxFailures } from "./threshold.ts";

export interface RingWork {
  readonly ctx: Operator;
  readonly ring: Ring;
  /** Tenants in it, whatever their schema. */
  readonly size: number;
  readonly runId: string;
  readonly scope: Scope;
  readonly migrations: readonly Migration[];
  readonly findTarget: TargetFinder;
  readonly input: {
    readonly parallel?: number | undefined;
    readonly maxFailures?: MaxFailures | undefined;
  };
  readonly onStep: (step: string) => void | Promise<void>;
  readonly report: (ring: Ring, tenant: MigratedTenant) => void;
}

/**
 * All of one ring, until too many have failed.
 *
 * @param tenants gets what became of each
 * @returns why the next ring is not to be begun; null: it may
 */
export async function migrateRing(work: RingWork, tenants: MigratedTenant[]): Promise<string | null> {
  const { ctx, ring, runId, onStep } = work;
  const allowed = allowedFailures({ ring, size: work.size, maxFailures: work.input.maxFailures });
  const ledger = openLedger({ ctx, runId, ring, onStep });
  const plans = plansOf(work);
  const seen: MigratedTenant[] = [];
  const failures = () => seen.filter(isFailure);
  let stopping = false;
  const worker = async () => {
    while (!stopping && failures().length <= allowed) {
      const next = await plans.next();
      if (next.done) return;
      seen.push(await carryOut(next.value, { work, ledger }));
    }
  };
  const workers = Array.from({ length: work.input.parallel ?? 4 }, () =>
    worker().catch((error) => {
      stopping = true;
      throw error;
    }),
  );
  // All of them have let go of their databases before anybody is told of an error.
  const ended = await Promise.allSettled(workers);
  if (seen.length > 0) await ledger.flush();
  tenants.push(...seen.sort((a, b) => (a.slug < b.slug ? -1 : 1)));
  for (const end of ended) if (end.status === "rejected") throw end.reason;
  if (failures().length <= allowed) return null;
  const names = failures()
    .slice(0, 5)
    .map(({ slug }) => slug);
  const more = failures().length > names.length ? " …" : "";
  return `ring ${ring}: ${failures().length} failed (${names.join(", ")}${more}), ${allowed} may`;
}

/** In the order of slugs. What a contract migration will take away is said before it is begun: older code lets go first. */
async function* plansOf(work: RingWork): AsyncGenerator<Plan> {
  const { ctx, ring, scope, migrations } = work;
  const { target, retryParked = false } = scope;
  for await (const chunk of pendingTenants({ ctx, ring, scope })) {
    const [instances, pins] = await Promise.all([livingInstances(ctx), currentPins(ctx)]);
    const needs = { instances, pins };
    const plans = chunk.map((tenant) => planFor(tenant, { migrations, target, needs, retryParked }));
    await announceContracts(work, plans);
    yield* plans;
  }
}

async function announceContracts(
  { ctx, migrations, onStep }: RingWork,
  plans: readonly Plan[],
): Promise<void> {
  const announced = plans.flatMap(({ tenant, to }) => {
    const contract = to === null ? 0 : lastContract(migrations, to);
    return contract > tenant.contractVersion ? [{ id: tenant.id, contract }] : [];
  });
  if (announced.length === 0) return;
  await onStep("announce contract");
  const { sql } = ctx.registry;
  await sql`
    update tenants t set contract_version = a.contract, updated_at = clock_timestamp()
    from jsonb_to_recordset(${sql.json(announced)}) as a (id uuid, contract int) where t.id = a.id`;
}

async function carryOut(
  plan: Plan,
  { work, ledger }: { work: RingWork; ledger: Ledger },
): Promise<MigratedTenant> {
  const { ring, migrations, onStep } = work;
  const { tenant, to, stopped } = plan;
  const leave = ({ by, reason }: NonNullable<Plan["stopped"]>) => {
    const said = by === "parked" ? { error: reason } : { waits: reason };
    return resultOf({ plan, ring }, { outcome: by, ...said, contractVersion: null, parked: null }).tenant;
  };
  // A contract migration may have been announced that a killed process then began, or not.
  const unclear = tenant.contractVersion > tenant.schemaVersion;
  if (stopped && (to === null || (to <= tenant.schemaVersion && !unclear))) return leave(stopped);
  await onStep(`migrate ${tenant.slug}`);
  const now = (await readAgain(work.ctx, tenant)) ?? tenant;
  const left = leftAlone(now);
  if (left) return leave(left);
  const { server, database } = now;
  const result = await migrateOne({
    plan: { tenant: { ...tenant, server, database }, to: to ?? tenant.schemaVersion, stopped },
    ring,
    target: await work.findTarget(now),
    migrations,
  });
  await onStep(`migrated ${tenant.slug}`);
  work.report(ring, result.tenant);
  await ledger.add(result);
  return result.tenant;
}
