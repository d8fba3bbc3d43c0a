import type { SealedSecret, WrappedDataKey } from "../crypto/tenant-keys.ts";
import type { Sql } from "../database/connect.ts";

/** A tenant as the registry knows it. */
export interface TenantRecord {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  /** `moving`: between two database servers, not served for a moment. */
  readonly status: "creating" | "active" | "suspended" | "moving" | "deleting";
  /** What it was made from. */
  readonly template: string;
  readonly tier: "dedicated" | "standard" | "starter";
  /** Base URL of the tenant's own instance; null: the shared servers. */
  readonly upstream: string | null;
  /** Host names it answers at, without port. */
  readonly hosts: readonly string[];
  readonly database: {
    /** null: on the registry's own server. */
    readonly server: DatabaseServer | null;
    readonly name: string;
    readonly role: string;
    readonly password: SealedSecret;
  };
  readonly dataKey: WrappedDataKey;
  /** Coming or going, while keys are rotated: opens what it sealed, seals nothing. */
  readonly otherDataKey: WrappedDataKey | null;
  /** Opens its logical backups; null: none was made yet. */
  readonly backupIdentity: SealedSecret | null;
  readonly schemaVersion: number;
  /** The last migration in its database that older code cannot live with; 0: none. */
  readonly contractVersion: number;
  /** Migrations go ring by ring. */
  readonly ring: "canary" | "early" | "rest";
  /** A code freeze: it keeps this version's instance and schema until the end. */
  readonly pin: { readonly version: string; readonly reason: string; readonly until: Date } | null;
  /** A migration failed here: left alone until a person says so. */
  readonly parked: { readonly at: Date; readonly reason: string } | null;
  readonly createdAt: Date;
  /** Changes with every change of the record. */
  readonly updatedAt: Date;
}

/** A PostgreSQL server beside the registry's own. */
export interface DatabaseServer {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Where pools connect instead: PgBouncer in transaction mode. null: straight to the server. */
  readonly pooler: { readonly host: string; readonly port: number } | null;
}

/** How a record is asked for; one of the three. */
export type TenantKey = { host: string } | { id: string } | { slug: string };

interface Row {
  id: string;
  slug: string;
  name: string;
  status: TenantRecord["status"];
  template: string;
  tier: TenantRecord["tier"];
  upstream: string | null;
  hosts: string[];
  database_server: string | null;
  server_host: string | null;
  server_port: number | null;
  pooler_host: string | null;
  pooler_port: number | null;
  database_name: string;
  login_role: string;
  connection_secret: Uint8Array;
  connection_key_version: number;
  data_key: Uint8Array;
  data_key_version: number;
  other_data_key: Uint8Array | null;
  other_data_key_version: number | null;
  backup_identity: Uint8Array | null;
  backup_identity_key_version: number | null;
  schema_version: number;
  contract_version: number;
  ring: TenantRecord["ring"];
  pinned_version: string | null;
  pin_reason: string | null;
  pin_until: Date | null;
  parked_at: Date | null;
  parked_reason: string | null;
  created_at: Date;
  updated_at: Date;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** null: not there. */
export async function loadTenant(sql: Sql, key: TenantKey): Promise<TenantRecord | null> {
  if ("id" in key && !uuid.test(key.id)) return null;
  const condition =
    "id" in key
      ? sql`id = ${key.id}`
      : "slug" in key
        ? sql`slug = ${key.slug}`
        : sql`id = (select tenant_id from hosts where host = ${key.host})`;
  const [row] = await sql<Row[]>`${select(sql)} where ${condition}`;
  return row ? toRecord(row) : null;
}

export async function loadTenants(sql: Sql): Promise<TenantRecord[]> {
  const rows = await sql<Row[]>`${select(sql)} order by slug`;
  return rows.map(toRecord);
}

/** Those of the known that are not as they are known, by id; null: there no more. */
export async function loadChangedTenants(
  sql: Sql,
  known: readonly TenantRecord[],
): Promise<ReadonlyMap<string, TenantRecord | null>> {
  const asKnown = known.map(({ id, updatedAt }) => ({ id, at: updatedAt.toISOString() }));
  // A Date has no microseconds.
  const rows = await sql<{ id: string }[]>`
    select k.id from jsonb_to_recordset(${sql.json(asKnown)}) as k (id uuid, at timestamptz)
      left join tenants t on t.id = k.id
    where date_trunc('milliseconds', t.updated_at) is distinct from k.at`;
  if (rows.length === 0) return new Map();
  const changed = rows.map(({ id }) => id);
  const records = (await sql<Row[]>`${select(sql)} where id = any(${changed})`).map(toRecord);
  return new Map(changed.map((id) => [id, records.find((record) => record.id === id) ?? null]));
}

const select = (sql: Sql) => sql`
  select tenants.*, s.host as server_host, s.port as server_port, s.pooler_host, s.pooler_port,
    array(select host from hosts where tenant_id = tenants.id order by host) as hosts
  from tenants left join database_servers s on s.name = tenants.database_server`;

function toRecord(row: Row): TenantRecord {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    status: row.status,
    template: row.template,
    tier: row.tier,
    upstream: row.upstream,
    hosts: row.hosts,
    database: {
      server: serverOf(row),
      name: row.database_name,
      role: row.login_role,
      password: { ciphertext: row.connection_secret, keyVersion: row.connection_key_version },
    },
    dataKey: { wrapped: row.data_key, version: row.data_key_version },
    otherDataKey:
      row.other_data_key !== null && row.other_data_key_version !== null
        ? { wrapped: row.other_data_key, version: row.other_data_key_version }
        : null,
    backupIdentity:
      row.backup_identity !== null && row.backup_identity_key_version !== null
        ? { ciphertext: row.backup_identity, keyVersion: row.backup_identity_key_version }
        : null,
    schemaVersion: row.schema_version,
    contractVersion: row.contract_version,
    ring: row.ring,
    pin:
      row.pinned_version !== null && row.pin_reason !== null && row.pin_until !== null
        ? { version: row.pinned_version, reason: row.pin_reason, until: row.pin_until }
        : null,
    parked:
      row.parked_at !== null && row.parked_reason !== null
        ? { at: row.parked_at, reason: row.parked_reason }
        : null,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function serverOf(row: Row): DatabaseServer | null {
  const { database_server: name, server_host: host, server_port: port } = row;
  if (name === null || host === null || port === null) return null;
  const { pooler_host, pooler_port } = row;
  const pooler =
    pooler_host !== null && pooler_port !== null ? { host: pooler_host, port: pooler_port } : null;
  return { name, host, port, pooler };
}
