import type { SealedSecret, WrappedDataKey } from "../crypto/tenant-keys.ts";
import type { Sql } from "../database/client.ts";

/** A tenant as the registry knows it. */
export interface TenantRecord {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: "creating" | "active" | "suspended" | "deleting";
  /** What it was made from. */
  readonly template: string;
  readonly tier: "dedicated" | "standard" | "starter";
  /** Base URL of the tenant's own instance; null: the shared servers. */
  readonly upstream: string | null;
  /** Host names it answers at, without port. */
  readonly hosts: readonly string[];
  readonly database: {
    /** null: on the registry's own server. */
    readonly server: { readonly host: string; readonly port: number } | null;
    readonly name: string;
    readonly role: string;
    readonly password: SealedSecret;
  };
  readonly dataKey: WrappedDataKey;
  readonly schemaVersion: number;
  readonly createdAt: Date;
  /** Changes with every change of the record. */
  readonly updatedAt: Date;
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
  database_host: string | null;
  database_port: number | null;
  database_name: string;
  login_role: string;
  connection_secret: Uint8Array;
  connection_key_version: number;
  data_key: Uint8Array;
  data_key_version: number;
  schema_version: number;
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

const select = (sql: Sql) => sql`
  select tenants.*, array(select host from hosts where tenant_id = tenants.id order by host) as hosts
  from tenants`;

function toRecord(row: Row): TenantRecord {
  const { database_host: host, database_port: port } = row;
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
      server: host !== null && port !== null ? { host, port } : null,
      name: row.database_name,
      role: row.login_role,
      password: { ciphertext: row.connection_secret, keyVersion: row.connection_key_version },
    },
    dataKey: { wrapped: row.data_key, version: row.data_key_version },
    schemaVersion: row.schema_version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
