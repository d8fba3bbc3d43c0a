import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type Actor, auditName } from "../../actor/actor.ts";
import { connect, type Sql } from "../../database/connect.ts";
import type { Registry } from "../../registry/registry.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { connectionUrl } from "../../tenant/tenants.ts";
import { ensureBackupIdentity } from "../keys/backup-identity.ts";
import { withBackupLock } from "./backup-lock.ts";
import { type BackupRecord, loadBackup } from "./backup-record.ts";
import { type Contents, contentsSession, readContents } from "./contents.ts";
import { writeEncrypted } from "./encrypted-file.ts";
import { findPrograms } from "./programs/find-programs.ts";
import { startProgram, targetOf } from "./programs/run-program.ts";
import type { BackupSettings } from "./settings.ts";

/** Somebody else is making one at the moment. */
export class BackupUnderWay extends Error {
  override readonly name = "BackupUnderWay";
}

type OnStep = (step: string) => void | Promise<void>;

/** What makes backups: an operator, or a server process. Needs no administrator. */
export interface BackupContext {
  readonly registry: Registry;
  readonly settings: BackupSettings;
  /** An operator, or the worker. Stands in the audit log. */
  readonly actor: Actor;
}

/**
 * A logical backup of one tenant: pg_dump through the tenant's own role, in one snapshot with counts and
 * checksums of every table, encrypted (age) for an identity that only the tenant's data key opens. The tenant is
 * served meanwhile. The catalogue's row comes first; killed at any point, what is left is a row that never
 * finished and at most a file without its name, which the next pruning removes.
 *
 * @param onStep is told each step's name before it runs, and `done` at the end
 * @throws TenantUnknown, BackupUnderWay, ProgramsMissing
 */
export async function createBackup({
  ctx,
  input: { slug },
  onStep = () => {},
}: {
  ctx: BackupContext;
  input: { slug: string };
  onStep?: OnStep;
}): Promise<BackupRecord> {
  const { registry } = ctx;
  const record = await registry.findBySlug(slug);
  if (!record || (record.status !== "active" && record.status !== "suspended")) {
    throw new TenantUnknown(`no active or suspended tenant ${slug}`);
  }
  const id = randomUUID();
  const done = await withBackupLock({ registry, tenantId: record.id }, async () => {
    await onStep("announce");
    const file = join(ctx.settings.folder, record.id, `${id}.dump.age`);
    await announce({ ctx, record, id, file });
    try {
      await onStep("dump");
      await dump({ ctx, record, id, file, onStep });
    } catch (error) {
      await fail({ ctx, id, error: error as Error });
      throw error;
    }
    await onStep("done");
    return loadBackup(registry.sql, id);
  });
  if (!done) throw new BackupUnderWay(`a backup of ${slug} is being made already`);
  return done;
}

interface Wanted {
  ctx: BackupContext;
  record: TenantRecord;
  id: string;
  file: string;
}

async function announce({ ctx, record, id, file }: Wanted): Promise<void> {
  await ctx.registry.sql`
    with backup as (
      insert into backups (id, tenant_id, slug, file, schema_version, requested_by)
      values (${id}, ${record.id}, ${record.slug}, ${file}, ${record.schemaVersion}, ${auditName(ctx.actor)})
      returning id, tenant_id
    )
    insert into operator_audit (operator, action, tenant_id, detail)
    select ${auditName(ctx.actor)}, 'backup.create', tenant_id, jsonb_build_object('backup', id) from backup`;
}

async function dump({ ctx, record, id, file, onStep }: Wanted & { onStep: OnStep }): Promise<void> {
  const { registry, settings } = ctx;
  const identity = await ensureBackupIdentity({ registry, tenantId: record.id });
  const url = await connectionUrl({ registry, record });
  const sql = connect({ url, max: 1, session: { "app.tenant_id": record.id, ...contentsSession } });
  try {
    await sql.begin("isolation level repeatable read read only", async (snapshot) => {
      const { name, at, major } = await describe(snapshot);
      const programs = findPrograms({ major, pgBin: settings.pgBin });
      const program = startProgram({
        program: join(programs.folder, "pg_dump"),
        target: targetOf(url),
        // Row-level security holds for the role; without leave pg_dump refuses rather than dump a part.
        args: ["--format=custom", "--enable-row-security", `--snapshot=${name}`, record.database.name],
        env: { PGOPTIONS: `-c app.tenant_id=${record.id}` },
      });
      program.stdin.end();
      const written = await writeEncrypted({
        file,
        source: program.stdout,
        complete: program.ended,
        identity,
      }).finally(program.kill);
      const contents = await readContents(snapshot);
      await onStep("record");
      await finish({ ctx, id, snapshotAt: at, contents, ...written });
    });
  } finally {
    await sql.end({ timeout: 2 });
  }
}

async function describe(snapshot: Pick<Sql, "unsafe">): Promise<{ name: string; at: Date; major: number }> {
  const [row] = await snapshot.unsafe<{ name: string; at: Date; major: number }[]>(
    "select pg_export_snapshot() as name, now() as at, current_setting('server_version_num')::int / 10000 as major",
  );
  if (!row) throw new Error("unreachable: one row");
  return row;
}

async function finish(input: {
  ctx: BackupContext;
  id: string;
  snapshotAt: Date;
  contents: Contents;
  bytes: number;
  sha256: string;
}): Promise<void> {
  const { id, snapshotAt, contents, bytes, sha256 } = input;
  const { sql } = input.ctx.registry;
  await sql`
    update backups set finished_at = clock_timestamp(), snapshot_at = ${snapshotAt},
      contents = ${sql.json(contents as never)}, bytes = ${bytes}, sha256 = ${sha256}
    where id = ${id}`;
}

async function fail({ ctx, id, error }: { ctx: BackupContext; id: string; error: Error }): Promise<void> {
  await ctx.registry.sql`
    update backups set failed_at = clock_timestamp(), failure = ${error.message.slice(0, 500)}
    where id = ${id} and finished_at is null`;
}
