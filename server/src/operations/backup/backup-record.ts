import type { Sql } from "../../database/connect.ts";
import type { Contents } from "./contents.ts";

/** A logical backup as the registry's catalogue knows it. */
export interface BackupRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly slug: string;
  /** Absolute, on the machine that made it. */
  readonly file: string;
  readonly schemaVersion: number;
  readonly startedAt: Date;
  readonly failure: string | null;
  /** null: not finished, so of no use. */
  readonly finished: {
    readonly at: Date;
    /** The instant its rows are of. */
    readonly snapshotAt: Date;
    /** Of the encrypted file, as its SHA-256 (hex). */
    readonly bytes: number;
    readonly sha256: string;
    readonly contents: Contents;
  } | null;
  /** Last restored into a database of its own and found whole. */
  readonly verifiedAt: Date | null;
}

interface Row {
  id: string;
  tenant_id: string;
  slug: string;
  file: string;
  schema_version: number;
  started_at: Date;
  failure: string | null;
  snapshot_at: Date | null;
  finished_at: Date | null;
  bytes: bigint | null;
  sha256: string | null;
  contents: Contents | null;
  verified_at: Date | null;
}

/**
 * @param tenantId whose it must be: another tenant's is as unknown as nobody's. Default: anybody's
 * @throws BackupUnknown
 */
export async function loadBackup(
  sql: Sql,
  id: string,
  tenantId: string | null = null,
): Promise<BackupRecord> {
  const [row] = await sql<Row[]>`
    select * from backups
    where id::text = ${id} and (${tenantId}::uuid is null or tenant_id = ${tenantId}::uuid)`;
  if (!row) throw new BackupUnknown(`no backup ${id}: clarity backup list shows them`);
  return toRecord(row);
}

/** Newest first; of one tenant or of all. */
export async function loadBackups(sql: Sql, tenantId: string | null): Promise<BackupRecord[]> {
  const rows = await sql<Row[]>`
    select * from backups where ${tenantId}::uuid is null or tenant_id = ${tenantId}::uuid
    order by started_at desc`;
  return rows.map(toRecord);
}

/** No such backup. */
class BackupUnknown extends Error {
  override readonly name = "BackupUnknown";
}

/** @throws BackupUnknown when it did not end well */
export function requireFinished(backup: BackupRecord): NonNullable<BackupRecord["finished"]> {
  if (backup.finished) return backup.finished;
  throw new BackupUnknown(
    `backup ${backup.id} of ${backup.slug} is not complete: ${backup.failure ?? "it was stopped"}`,
  );
}

function toRecord(row: Row): BackupRecord {
  const { snapshot_at: snapshotAt, finished_at: at, bytes, sha256, contents } = row;
  return {
    id: row.id,
    tenantId: row.tenant_id,
    slug: row.slug,
    file: row.file,
    schemaVersion: row.schema_version,
    startedAt: row.started_at,
    failure: row.failure,
    finished:
      at && snapshotAt && bytes !== null && sha256 && contents
        ? { at, snapshotAt, bytes: Number(bytes), sha256, contents }
        : null,
    verifiedAt: row.verified_at,
  };
}
