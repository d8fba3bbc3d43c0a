import type { TenantRecord } from "../../registry/tenant-record.ts";
import type { Operator } from "../operator.ts";
import type { Ring } from "./rings.ts";

/** A tenant behind the target, as far as its migration needs to know it. */
export interface PendingTenant {
  readonly id: string;
  readonly slug: string;
  readonly status: TenantRecord["status"];
  readonly upstream: string | null;
  readonly server: string | null;
  readonly database: string;
  readonly schemaVersion: number;
  readonly contractVersion: number;
  readonly pinnedUntil: Date | null;
  readonly parkedReason: string | null;
}

/** Which tenants a run is about. */
export interface Scope {
  /** Schema they are to be brought to. */
  readonly target: number;
  /** Only this one. Default: all. */
  readonly slug?: string | undefined;
  /** Parked ones too, whatever their schema. Default false. */
  readonly retryParked?: boolean | undefined;
}

const chunkSize = 50;

/** By slug, a chunk at a time, so that a status, pin or ring that changes during a long run is noticed. */
export async function* pendingTenants({
  ctx,
  ring,
  scope,
}: {
  ctx: Operator;
  ring: Ring;
  scope: Scope;
}): AsyncGenerator<PendingTenant[]> {
  const { target, retryParked = false } = scope;
  const slug = scope.slug ?? null;
  for (let after = ""; ; ) {
    const chunk = await ctx.registry.sql<PendingTenant[]>`
      ${selectPending(ctx)}
      where ring = ${ring} and slug > ${after}
        and (schema_version < ${target} or (${retryParked} and parked_at is not null))
        and (${slug}::text is null or slug = ${slug})
      order by slug limit ${chunkSize}`;
    const last = chunk.at(-1);
    if (!last) return;
    yield [...chunk];
    after = last.slug;
  }
}

/** As it is now: it may have been pinned, or moved, since its chunk was read. null: gone. */
export async function readAgain(ctx: Operator, { id }: PendingTenant): Promise<PendingTenant | null> {
  const [now] = await ctx.registry.sql<PendingTenant[]>`${selectPending(ctx)} where id = ${id}`;
  return now ?? null;
}

const selectPending = ({ registry: { sql } }: Operator) => sql`
  select id, slug, status, upstream, database_server as server, database_name as database,
    schema_version as "schemaVersion", contract_version as "contractVersion",
    case when pin_until > clock_timestamp() then pin_until end as "pinnedUntil",
    parked_reason as "parkedReason"
  from tenants`;

export interface RingCount {
  readonly all: number;
  readonly behind: number;
  readonly pending: number;
}

/** How many tenants of each ring there are, are behind the target, and of these are to be tried. */
export async function countTenants({
  ctx,
  scope,
}: {
  ctx: Operator;
  scope: Scope;
}): Promise<Map<Ring, RingCount>> {
  const { target, retryParked = false } = scope;
  const slug = scope.slug ?? null;
  const rows = await ctx.registry.sql<(RingCount & { ring: Ring })[]>`
    select ring, count(*)::int as all, count(*) filter (where behind)::int as behind,
      count(*) filter (where behind and (${retryParked} or parked_at is null) and status not in ('creating', 'moving')
        and (pin_until is null or pin_until <= clock_timestamp()))::int as pending
    from (
      select *, (schema_version < ${target} or (${retryParked} and parked_at is not null))
        and (${slug}::text is null or slug = ${slug}) as behind from tenants
    ) t
    group by ring`;
  return new Map(rows.map(({ ring, ...count }) => [ring, count]));
}
