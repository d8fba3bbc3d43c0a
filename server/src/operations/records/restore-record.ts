import type { Sql } from "../../database/connect.ts";

/** What vanished from sight with the replaced database, or changed. Ids, states and amounts only. */
export interface RestoreReport {
  /** false: it was gone already, or its payments were, so nobody knows which of them the restored one lacks. */
  readonly oldDatabaseRead: boolean;
  /**
   * By when they were begun. The provider may have moved money that the restored database knows nothing, or something
   * else, of; one that only the restored database knows was deleted since.
   */
  readonly payments: readonly LostPayment[];
  /** Rows by table in the replaced and in the restored database, where they differ; of a table that is gone, 0. */
  readonly rows: Readonly<Record<string, { readonly before: number; readonly now: number }>>;
  /** Secrets no key opens any more, as `table/id`: to be set again. */
  readonly secretsToSetAgain: readonly string[];
}

export interface LostPayment {
  readonly id: string;
  /** As the replaced database had it, and as the restored one has it; null: unknown there. */
  readonly state: string | null;
  readonly stateNow: string | null;
  readonly currency: string;
  /** Digits. */
  readonly totalMinor: string;
  readonly createdAt: string;
  readonly capturedAt: string | null;
  /** How the provider knows it: our reference is the attempt's id. */
  readonly attempts: readonly LostAttempt[];
}

interface LostAttempt {
  readonly id: string;
  readonly provider: string;
  /** In whose books it is; null: made before that was noted. */
  readonly providerAccount: string | null;
  readonly state: string;
  readonly providerRef: string | null;
}

export interface RestoreRecord {
  readonly id: string;
  readonly tenantId: string;
  /** null: from the WAL archive. */
  readonly backupId: string | null;
  readonly to: Date;
  readonly fromDatabase: string;
  readonly intoDatabase: string;
  readonly forceReason: string | null;
  readonly verifiedAt: Date | null;
  readonly switched: { readonly at: Date; readonly report: RestoreReport } | null;
  /** How long the tenant was not served, ms; null: not switched yet. */
  readonly pauseMs: number | null;
  readonly confirmedAt: Date | null;
}

interface Row {
  id: string;
  tenant_id: string;
  backup_id: string | null;
  to_instant: Date;
  from_database: string;
  into_database: string;
  force_reason: string | null;
  verified_at: Date | null;
  paused_at: Date | null;
  switched_at: Date | null;
  report: RestoreReport | null;
  confirmed_at: Date | null;
}

/** The one that is under way or waits to be confirmed. */
export async function loadOpenRestore(sql: Sql, tenantId: string): Promise<RestoreRecord | null> {
  const [row] = await sql<Row[]>`
    select * from restores where tenant_id = ${tenantId} and confirmed_at is null`;
  return row ? toRecord(row) : null;
}

export async function loadRestore(sql: Sql, id: string): Promise<RestoreRecord> {
  const [row] = await sql<Row[]>`select * from restores where id = ${id}`;
  if (!row) throw new Error(`restore ${id} vanished from the registry`);
  return toRecord(row);
}

const toRecord = (row: Row): RestoreRecord => ({
  id: row.id,
  tenantId: row.tenant_id,
  backupId: row.backup_id,
  to: row.to_instant,
  fromDatabase: row.from_database,
  intoDatabase: row.into_database,
  forceReason: row.force_reason,
  verifiedAt: row.verified_at,
  switched: row.switched_at && row.report ? { at: row.switched_at, report: row.report } : null,
  pauseMs: row.switched_at && row.paused_at ? row.switched_at.getTime() - row.paused_at.getTime() : null,
  confirmedAt: row.confirmed_at,
});
