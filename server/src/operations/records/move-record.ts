import type { Sql } from "../../database/connect.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";

/** Where a tenant lives and who serves it. */
export interface Place {
  /** null: the registry's own. */
  readonly server: string | null;
  /** Base URL of its own instance; null: the shared servers. */
  readonly upstream: string | null;
  readonly tier: TenantRecord["tier"];
}

/** By table. */
export type Verified = Readonly<Record<string, TableDigest>>;

export interface TableDigest {
  readonly rows: number;
  /** Sum over the rows' SHA-256, so of any order. Digits. */
  readonly checksum: string;
}

/** What the registry keeps of a move, before and after. */
export interface MoveRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly slug: string;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  readonly from: Place;
  readonly to: Place;
  /** null: not chosen yet, or nothing to copy. */
  readonly method: "replication" | "copy" | null;
  /** Why it is not replication. */
  readonly methodReason: string | null;
  readonly pausedAt: Date | null;
  readonly verified: Verified | null;
  /** From then on there is no way back but another move. */
  readonly switchedAt: Date | null;
  readonly pauseMs: number | null;
  /** The old copy was dropped, or there was none. */
  readonly confirmedAt: Date | null;
  readonly abortedAt: Date | null;
}

interface Row {
  id: string;
  tenant_id: string;
  slug: string;
  requested_by: string;
  requested_at: Date;
  from_server: string | null;
  to_server: string | null;
  from_upstream: string | null;
  to_upstream: string | null;
  from_tier: TenantRecord["tier"];
  to_tier: TenantRecord["tier"];
  method: MoveRecord["method"];
  method_reason: string | null;
  paused_at: Date | null;
  verified: Verified | null;
  switched_at: Date | null;
  pause_ms: number | null;
  confirmed_at: Date | null;
  aborted_at: Date | null;
}

/** The one that is under way or waits to be confirmed. */
export async function loadOpenMove(sql: Sql, tenantId: string): Promise<MoveRecord | null> {
  const [row] = await sql<Row[]>`
    select * from moves where tenant_id = ${tenantId} and confirmed_at is null and aborted_at is null`;
  return row ? toRecord(row) : null;
}

/** The last one, however it ended. */
export async function loadLastMove(sql: Sql, tenantId: string): Promise<MoveRecord | null> {
  const [row] = await sql<Row[]>`
    select * from moves where tenant_id = ${tenantId} order by requested_at desc limit 1`;
  return row ? toRecord(row) : null;
}

export async function loadMove(sql: Sql, id: string): Promise<MoveRecord> {
  const [row] = await sql<Row[]>`select * from moves where id = ${id}`;
  if (!row) throw new Error(`move ${id} vanished from the registry`);
  return toRecord(row);
}

const toRecord = (row: Row): MoveRecord => ({
  id: row.id,
  tenantId: row.tenant_id,
  slug: row.slug,
  requestedBy: row.requested_by,
  requestedAt: row.requested_at,
  from: { server: row.from_server, upstream: row.from_upstream, tier: row.from_tier },
  to: { server: row.to_server, upstream: row.to_upstream, tier: row.to_tier },
  method: row.method,
  methodReason: row.method_reason,
  pausedAt: row.paused_at,
  verified: row.verified,
  switchedAt: row.switched_at,
  pauseMs: row.pause_ms,
  confirmedAt: row.confirmed_at,
  abortedAt: row.aborted_at,
});
