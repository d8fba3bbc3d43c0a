import { join } from "node:path";
import { loadTenant, type TenantRecord } from "../../../registry/tenant-record.ts";
import type { Operator } from "../../operator.ts";
import type { RestoreRecord } from "../../records/restore-record.ts";
import { administratorUrl } from "../../servers/database-servers.ts";
import { scratchFolderName } from "../scratch-folder.ts";
import type { BackupSettings } from "../settings.ts";
import { bringBack, type OnStep } from "./bring-back.ts";
import { InstantUnreachable } from "./errors.ts";
import { flushArchive } from "./flush-archive.ts";
import { asServerAdministrator } from "./load-database.ts";
import { recoverDatabase } from "./recover-database.ts";
import { requireArchive } from "./require-archive.ts";

/**
 * Brings one tenant back to an instant from its server's WAL archive, in a new database, and switches to it once
 * that is whole. The tenant is served until the last moment, all others throughout. The replaced database is
 * kept, closed, until `confirmRestore`. Killed at any point, it is called again with the same input and goes on.
 * Runs where pgBackRest reaches the repository and PostgreSQL's server programs are.
 *
 * @param input.to included; not in the future by the database server's clock, nor before the tenant moved to it
 * @param onStep is told each step's name before it runs, and `done` at the end
 * @throws TenantUnknown, RestoreRefused, InstantUnreachable, ProgramsMissing, RestoredDiffers
 */
export async function restoreToInstant({
  ctx,
  settings,
  input: { slug, to, forceReason = null },
  onStep = () => {},
}: {
  ctx: Operator;
  settings: BackupSettings;
  input: { slug: string; to: Date; forceReason?: string | null };
  onStep?: OnStep;
}): Promise<RestoreRecord> {
  await requireReachable({ ctx, settings, slug, to });
  return bringBack({
    ctx,
    slug,
    target: { to, backupId: null, forceReason },
    onStep,
    async load({ record, restore }) {
      const { server } = record.database;
      await onStep("flush");
      await flushArchive({ adminUrl: await administratorUrl({ ctx, server }) });
      await recoverDatabase({
        settings,
        from: await databaseAt({ ctx, tenantId: record.id, to, today: restore.fromDatabase }),
        into: { ctx, server, database: restore.intoDatabase },
        to,
        folder: scratchFolderOf({ settings, restore }),
        onStep,
      });
    },
  });
}

/** The same for every run of a restore. */
export const scratchFolderOf = (input: { settings: BackupSettings; restore: RestoreRecord }): string =>
  join(input.settings.scratchFolder, scratchFolderName("restore", input.restore.id));

/** Before anything is asked for: PostgreSQL would replay all there is, and then say that it was not enough. */
async function requireReachable(input: {
  ctx: Operator;
  settings: BackupSettings;
  slug: string;
  to: Date;
}): Promise<void> {
  const { ctx, settings, slug, to } = input;
  const record = await loadTenant(ctx.registry.sql, { slug });
  if (!record) return;
  await requireMade({ ctx, record, to });
  await requireHere({ ctx, record, to });
  const { server } = record.database;
  await asServerAdministrator({ ctx, server }, async (sql) => {
    const [row] = await sql<{ past: boolean; now: Date }[]>`
      select ${to}::timestamptz <= clock_timestamp() as past, clock_timestamp() as now`;
    if (!row?.past) {
      throw new InstantUnreachable(
        `${to.toISOString()} has not come yet: at the tenant's server it is ${row?.now.toISOString()}`,
      );
    }
    await requireArchive({ sql, settings, server, to });
  });
}

interface Wanted {
  ctx: Operator;
  record: TenantRecord;
  to: Date;
}

/**
 * Before its last step, `activate`, was done its database was not there, or had part of its first rows. Asked of the
 * database: a Date would take an instant within the same millisecond for a later one.
 */
async function requireMade({ ctx, record, to }: Wanted): Promise<void> {
  const [made] = await ctx.registry.sql<{ at: Date }[]>`
    select at from (
      select coalesce(max(done_at), min(created_at)) as at
      from tenants left join provisioning_steps on tenant_id = id where id = ${record.id}
    ) made
    where at > ${to}`;
  if (!made) return;
  throw new InstantUnreachable(
    `${record.slug} was made at ${made.at.toISOString()}: there is nothing earlier`,
  );
}

/**
 * While a tenant moves, the database it moves to holds part of its rows: an archive must not bring that back for
 * the tenant's own.
 */
async function requireHere({ ctx, record, to }: Wanted): Promise<void> {
  const [move] = await ctx.registry.sql<{ at: Date }[]>`
    select switched_at as at from moves
    where tenant_id = ${record.id} and from_server is distinct from to_server and switched_at > ${to}
    order by switched_at desc limit 1`;
  if (!move) return;
  throw new InstantUnreachable(
    `${record.slug} lives at its database server since ${move.at.toISOString()}: no archive there holds it earlier`,
  );
}

/** The archive knows a database by the name it had: before an earlier restore's switch, what that one replaced. */
async function databaseAt(input: {
  ctx: Operator;
  tenantId: string;
  to: Date;
  today: string;
}): Promise<string> {
  const [next] = await input.ctx.registry.sql<{ replaced: string }[]>`
    select from_database as replaced from restores where tenant_id = ${input.tenantId} and switched_at > ${input.to}
    order by switched_at limit 1`;
  return next?.replaced ?? input.today;
}
