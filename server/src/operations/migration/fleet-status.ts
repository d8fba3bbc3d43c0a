import { latestSchemaVersion, minimumSchemaVersion } from "../../tenant/schema.ts";
import { type Instance, livingInstances } from "../instances.ts";
import type { Operator } from "../operator.ts";
import { isFleetBusy } from "./fleet-lock.ts";
import type { Ring } from "./rings.ts";

export interface FleetStatus {
  /** This code's last migration, and the last it cannot do without. */
  readonly target: number;
  readonly minimum: number;
  /** The last run; null: there was none. */
  readonly run: RunStatus | null;
  readonly rings: readonly RingStatus[];
  readonly parked: readonly { slug: string; ring: Ring; schemaVersion: number; reason: string; at: Date }[];
  /** Server processes that run now, and what they need. */
  readonly instances: readonly Instance[];
  /** What the last look for drift found. */
  readonly drifted: readonly { slug: string; differences: string[]; checkedAt: Date }[];
}

export interface RunStatus {
  readonly id: string;
  readonly operator: string;
  readonly target: number;
  /** The one tenant it is about; null: the fleet. */
  readonly slug: string | null;
  /** `killed`: the next run goes on with it. */
  readonly state: "running" | "killed" | "finished" | "halted" | "abandoned";
  readonly ring: Ring | null;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly reason: string | null;
  readonly startedAt: Date;
  readonly seenAt: Date;
}

export interface RingStatus {
  readonly ring: Ring;
  readonly tenants: number;
  readonly atTarget: number;
  readonly behind: number;
  /** Of those behind: this code does not serve them. */
  readonly refused: number;
  readonly parked: number;
  readonly pinned: number;
}

/** Where the fleet's schemas are. Changes nothing. */
export async function fleetStatus({ ctx }: { ctx: Operator }): Promise<FleetStatus> {
  const { sql } = ctx.registry;
  const [target, minimum] = [latestSchemaVersion(), minimumSchemaVersion()];
  const [run, rings, parked, instances, drifted] = await Promise.all([
    lastRun(ctx),
    sql<RingStatus[]>`
      select r.ring, count(t.id)::int as tenants,
        count(*) filter (where schema_version >= ${target})::int as "atTarget",
        count(*) filter (where schema_version < ${target})::int as behind,
        count(*) filter (where schema_version < ${minimum})::int as refused,
        count(*) filter (where parked_at is not null)::int as parked,
        count(*) filter (where pin_until > clock_timestamp())::int as pinned
      from unnest(array['canary', 'early', 'rest']) with ordinality r (ring, place)
      left join tenants t on t.ring = r.ring group by r.ring, r.place order by r.place`,
    sql<FleetStatus["parked"][number][]>`
      select slug, ring, schema_version as "schemaVersion", parked_reason as reason, parked_at as at
      from tenants where parked_at is not null order by slug`,
    livingInstances(ctx),
    sql<FleetStatus["drifted"][number][]>`
      select t.slug, c.differences, c.checked_at as "checkedAt"
      from schema_checks c join tenants t on t.id = c.tenant_id
      where c.differences <> '{}' order by t.slug`,
  ]);
  return { target, minimum, run, rings: [...rings], parked: [...parked], instances, drifted: [...drifted] };
}

async function lastRun(ctx: Operator): Promise<RunStatus | null> {
  const { sql } = ctx.registry;
  const [busy, [run]] = await Promise.all([
    isFleetBusy(sql),
    sql<RunStatus[]>`
      select id, operator, target_version as target, slug, state, ring, total, done, failed, reason,
        started_at as "startedAt", seen_at as "seenAt"
      from migration_runs order by seen_at desc limit 1`,
  ]);
  if (!run) return null;
  return { ...run, state: run.state === "running" && !busy ? "killed" : run.state };
}
