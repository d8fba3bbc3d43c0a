import { quoteIdentifier } from "../../database/client.ts";
import { migrationLock } from "../../database/migrate.ts";
import { drain } from "../drain.ts";
import { MoveRefused } from "../errors.ts";
import { names } from "../names.ts";
import { loadMove } from "../records/move-record.ts";
import { type Run, sessionName } from "./sides.ts";

const endSessionsMs = 5_000;

/**
 * Until this run ends nobody migrates what is about to be the old copy; who waits to is put out with the others in
 * `sealSource`. Waits for a migration under way, while the tenant is served.
 */
export async function holdMigrations({ source }: Run): Promise<void> {
  await source.lock`select pg_advisory_lock(${migrationLock})`;
}

/**
 * Not served from here on: servers are told by the registry, what is under way gets a moment, then the role is
 * closed, so that nothing more can be written to what is about to be the old copy.
 */
export async function pause(run: Run): Promise<void> {
  const { ctx, move, record } = run;
  await ctx.registry.sql`
    with tenant as (
      update tenants set status = 'moving', updated_at = clock_timestamp()
      from (select id, status from tenants where id = ${record.id} for update) before
      where tenants.id = before.id and before.status in ('active', 'suspended')
      returning before.status
    )
    update moves set paused_at = coalesce(paused_at, clock_timestamp()),
      status_before = coalesce(status_before, (select status from tenant))
    where id = ${move.id}`;
  const [row] = await ctx.registry.sql<{ status: string; paused: boolean }[]>`
    select t.status, m.status_before is not null as paused
    from tenants t join moves m on m.tenant_id = t.id where m.id = ${move.id}`;
  if (row?.status !== "moving" || !row.paused) {
    throw new MoveRefused(`${move.slug} is ${row?.status ?? "gone"} meanwhile`);
  }
  await drain({ sql: run.source.database, role: record.database.role });
  await closeSource(run);
}

async function closeSource(run: Run): Promise<void> {
  const role = quoteIdentifier(run.record.database.role);
  await run.source.admin.unsafe(`alter role ${role} nologin`);
  await endSessions(run);
}

/** Ends what the tenant's role, or anybody but us, has open at the source. @returns how many there were */
export async function endSessions({ move, source, record }: Run): Promise<number> {
  const deadline = Date.now() + endSessionsMs;
  const { name, role } = record.database;
  for (let ended = 0; ; ) {
    const rows = await source.admin`
      select pg_terminate_backend(pid, 1000) from pg_stat_activity
      where backend_type = 'client backend' and application_name <> ${sessionName(move)}
        and (usename = ${role} or datname = ${name})`;
    if (rows.length === 0) return ended;
    ended += rows.length;
    if (Date.now() > deadline) throw new Error("the tenant's sessions do not end");
  }
}

/**
 * Served again where it was, as it was before the pause. Claims the move first: a switch whose answer was lost
 * either has happened by then, and this does nothing, or cannot happen any more.
 *
 * @returns false: it has switched
 */
export async function resumeSource({ ctx, move, record, source }: Run): Promise<boolean> {
  const { sql } = ctx.registry;
  const claimed = await sql`
    update moves set paused_at = null where id = ${move.id} and switched_at is null returning id`;
  if (claimed.length === 0) return false;
  await source.admin.unsafe(`alter role ${quoteIdentifier(record.database.role)} login`);
  await sql`
    with move as (
      update moves m set status_before = null
      from (select id, status_before from moves where id = ${move.id} for update) before
      where m.id = before.id returning before.status_before
    )
    update tenants set status = status_before, updated_at = clock_timestamp()
    from move where id = ${record.id} and status = 'moving' and status_before is not null`;
  return true;
}

/** Nobody enters what is kept of it until it is dropped. */
export async function sealSource(run: Run): Promise<void> {
  const { source, record } = run;
  const name = quoteIdentifier(record.database.name);
  await source.admin.unsafe(`alter database ${name} allow_connections false`);
  await endSessions(run);
}

/** Drops the old copy, what killed drills and checks have left beside it, and its role. */
export async function dropSource({ ctx, move, source, record }: Run): Promise<void> {
  const { switchedAt } = await loadMove(ctx.registry.sql, move.id);
  const current = await ctx.registry.findById(record.id);
  // What the registry sends anybody to is never dropped.
  if (switchedAt === null || (current?.database.server?.name ?? null) !== move.to.server) {
    throw new MoveRefused(`${move.slug} still lives there`);
  }
  const beside = await source.admin<{ name: string }[]>`
    select datname as name from pg_database
    where starts_with(datname, ${`${names.tenant(ctx.address.namespace, record.id)}_`})`;
  for (const name of new Set([record.database.name, ...beside.map(({ name }) => name)])) {
    await source.admin.unsafe(`drop database if exists ${quoteIdentifier(name)} with (force)`);
  }
  await source.admin.unsafe(`drop role if exists ${quoteIdentifier(record.database.role)}`);
}
