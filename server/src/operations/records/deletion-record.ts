import type { Sql } from "../../database/connect.ts";
import type { UnfinishedWork } from "../../tenant/unfinished-work.ts";

/** What the registry keeps of a deletion, before and after. */
export interface DeletionRecord {
  readonly tenantId: string;
  readonly slug: string;
  readonly name: string;
  readonly databaseName: string;
  readonly loginRole: string;
  readonly hosts: readonly string[];
  readonly requestedBy: string;
  readonly requestedAt: Date;
  readonly dueAt: Date;
  /** The grace period is over, by the registry's clock. */
  readonly due: boolean;
  readonly forceReason: string | null;
  /** Filled when the destruction began; from then on it cannot be undone. */
  readonly stock: Stock | null;
  /** Database, role and key are gone. */
  readonly destroyedAt: Date | null;
  /** JWS, compact. */
  readonly certificate: string | null;
}

/** What there was to destroy. */
export interface Stock {
  readonly takenAt: Date;
  readonly takenBy: string;
  readonly rowCounts: Readonly<Record<string, number>>;
  readonly unfinished: UnfinishedWork;
  /** SHA-256 of the wrapped data key, hex. */
  readonly keyFingerprint: string;
}

interface Row {
  tenant_id: string;
  slug: string;
  name: string;
  database_name: string;
  login_role: string;
  hosts: string[];
  requested_by: string;
  requested_at: Date;
  due_at: Date;
  due: boolean;
  force_reason: string | null;
  destroying_at: Date | null;
  destroyed_by: string | null;
  row_counts: Record<string, number> | null;
  unfinished: UnfinishedWork | null;
  key_fingerprint: string | null;
  destroyed_at: Date | null;
  certificate: string | null;
}

export async function loadDeletion(sql: Sql, tenantId: string): Promise<DeletionRecord | null> {
  const [row] = await sql<
    Row[]
  >`select *, due_at <= now() as due from deletions where tenant_id = ${tenantId}`;
  return row ? toRecord(row) : null;
}

/** The newest of a slug: the name may have been given again. */
export async function loadDeletionBySlug(sql: Sql, slug: string): Promise<DeletionRecord | null> {
  const [row] = await sql<Row[]>`
    select *, due_at <= now() as due from deletions where slug = ${slug} order by requested_at desc limit 1`;
  return row ? toRecord(row) : null;
}

/** Of a slug: everything is gone but its certificate is not there. A new tenant may have the name by now. */
export async function loadUncertified(sql: Sql, slug: string): Promise<DeletionRecord | null> {
  const [row] = await sql<Row[]>`
    select *, due_at <= now() as due from deletions
    where slug = ${slug} and destroyed_at is not null and certificate is null order by requested_at limit 1`;
  return row ? toRecord(row) : null;
}

/** Due, or begun and not certified, those begun first. */
export async function loadDueDeletions(sql: Sql): Promise<DeletionRecord[]> {
  const rows = await sql<Row[]>`
    select *, due_at <= now() as due from deletions
    where certificate is null and (due_at <= now() or destroying_at is not null)
    order by destroying_at nulls last, due_at, slug`;
  return rows.map(toRecord);
}

function toRecord(row: Row): DeletionRecord {
  const { destroying_at, destroyed_by, row_counts, unfinished, key_fingerprint } = row;
  const begun = destroying_at && destroyed_by && row_counts && unfinished && key_fingerprint;
  return {
    tenantId: row.tenant_id,
    slug: row.slug,
    name: row.name,
    databaseName: row.database_name,
    loginRole: row.login_role,
    hosts: row.hosts,
    requestedBy: row.requested_by,
    requestedAt: row.requested_at,
    dueAt: row.due_at,
    due: row.due,
    forceReason: row.force_reason,
    stock: begun
      ? {
          takenAt: destroying_at,
          takenBy: destroyed_by,
          rowCounts: row_counts,
          unfinished,
          keyFingerprint: key_fingerprint,
        }
      : null,
    destroyedAt: row.destroyed_at,
    certificate: row.certificate,
  };
}
