import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { type Actor, auditName } from "../actor/actor.ts";
import { openTenantKeys } from "../crypto/tenant-keys.ts";
import type { Registry } from "../registry/registry.ts";
import type { DatabaseServer, TenantRecord } from "../registry/tenant-record.ts";
import { createCircuitBreaker } from "./circuit-breaker.ts";
import {
  TenantAhead,
  TenantBehind,
  TenantDeleting,
  TenantMoving,
  TenantSuspended,
  TenantUnknown,
} from "./errors.ts";
import { createFlagOverrides, type FlagOverrides } from "./flags/overrides.ts";
import { identify } from "./identify.ts";
import { type LiveKeys, openLiveKeys } from "./live-keys.ts";
import { createResultMonitor } from "./result-monitor.ts";
import { latestSchemaVersion, minimumSchemaVersion } from "./schema.ts";
import { createSettings, type SettingsStore } from "./settings-store.ts";
import type { Route } from "./tenant-connection.ts";
import { json, type TenantDb, type TenantRef } from "./tenant-db.ts";
import { type PoolOptions, TenantPools } from "./tenant-pools.ts";
import { createTenantDb, type QueryGate } from "./tenant-query.ts";

/** One tenant, in hand: its rows, settings and keys, and nobody else's. */
export interface OpenTenant {
  readonly tenant: TenantRef;
  readonly record: TenantRecord;
  readonly db: TenantDb;
  readonly settings: SettingsStore;
  readonly flags: FlagOverrides;
  readonly keys: LiveKeys;
  /** Stands in the tenant's audit log beside changes. */
  readonly actor: Actor;
}

export interface OpenOptions {
  evenSuspended?: boolean;
}

export interface Tenants {
  /**
   * Cheap when the tenant is open already. Call it per request or job with the authenticated
   * tenant id, and hold what it answers no longer than that.
   *
   * @param options.evenSuspended for the worker, which finishes what was paid before, and for operators
   *   who look; never for a payer's request. Default false: `TenantSuspended`.
   * @throws TenantUnknown, TenantSuspended, TenantMoving, TenantDeleting, TenantBehind, TenantAhead,
   *   TenantUnavailable, RegistryUnavailable
   */
  open(tenantId: string, options?: OpenOptions): Promise<OpenTenant>;
  /**
   * Leave to work across tenants, written to the operators' audit log before anything is read, and to the
   * audit log of each tenant as it is entered. Each is still opened with its own role, one after the other.
   */
  elevated(input: { actor: Actor; reason: string }): Promise<ElevatedTenants>;
  close(): Promise<void>;
}

export interface ElevatedTenants {
  /** One tenant, once its own audit log says who came and why. @throws as `open`: then nothing was read */
  enter(tenantId: string, options?: OpenOptions): Promise<OpenTenant>;
  /**
   * Runs for every active tenant, by slug; for suspended ones too when told so. A tenant's error is answered,
   * the others go on.
   */
  each<T>(
    visit: (open: OpenTenant) => Promise<T>,
    options?: OpenOptions,
  ): Promise<{ tenant: TenantRef; result: T | Error }[]>;
}

export const poolDefaults: Required<PoolOptions> = {
  maxConnections: 5,
  maxConnectionsInAll: 100,
  idleTimeoutMs: 20_000,
  statementTimeoutMs: 2_500,
  queryTimeoutMs: 3_000,
  maxPending: 200,
};

/** Tenants held open, settings and keys included; the longest unused are opened again when wanted. */
const maxOpened = 200;

type Pooler = NonNullable<DatabaseServer["pooler"]>;

/**
 * @param actor who stands in tenants' audit logs beside changed settings; default: the system
 * @param pooler PgBouncer in front of the registry's own server, where its tenants' pools connect. Default: none
 * @param route where pools connect, and as whom. Default: as the tenant's own role
 * @param minimumSchemaVersion a database below it is not opened; default: this code's last migration
 */
export function openTenants(input: {
  registry: Registry;
  log: Logger;
  pool?: PoolOptions;
  pooler?: Pooler | null;
  actor?: Actor;
  route?: (record: TenantRecord) => Promise<Route>;
  minimumSchemaVersion?: number;
}): Tenants {
  const { registry, log, actor = { kind: "system" } } = input;
  const options = { ...poolDefaults, ...input.pool };
  const minimum = input.minimumSchemaVersion ?? minimumSchemaVersion();
  const monitor = createResultMonitor({ registry, log });
  const opened = new LRUCache<string, OpenTenant>({ max: maxOpened });
  const pools = new TenantPools({
    options,
    route: input.route ?? ((record) => routeTo({ registry, record, pooler: input.pooler ?? null })),
    identify: (session) => identify({ ...session, monitor }),
  });

  const gate: QueryGate = { pending: new Map(), breaker: createCircuitBreaker() };

  const open = async (tenantId: string, { evenSuspended = false }: OpenOptions = {}): Promise<OpenTenant> => {
    const record = admit(await registry.findById(tenantId), { tenantId, minimum, evenSuspended });
    const before = opened.get(tenantId);
    if (before?.record.updatedAt.getTime() === record.updatedAt.getTime()) return before;
    // It may have moved: what its old place did not answer is no reason to wait.
    gate.breaker.answered(tenantId);
    const keys = await openLiveKeys({ registry, record });
    const tenant = { id: record.id, slug: record.slug, name: record.name };
    const db = createTenantDb({ tenant, record, pools, monitor, gate, options });
    const settings = createSettings({ db, keys, actor });
    const flags = createFlagOverrides({ db, actor });
    const open = { tenant, record, db, settings, flags, keys, actor };
    opened.set(tenantId, open);
    return open;
  };

  return {
    async open(tenantId, options) {
      try {
        return await open(tenantId, options);
      } catch (error) {
        // A suspended tenant's pool may be at work for the worker; without work its connections close.
        if (error instanceof TenantUnknown || error instanceof TenantDeleting) pools.close(tenantId);
        throw error;
      }
    },
    async elevated({ actor, reason }) {
      await registry.audit({ actor, action: "tenants.elevated", detail: { reason } });
      const enter: ElevatedTenants["enter"] = async (tenantId, options) => {
        const entered = await open(tenantId, options);
        await auditEntry({ db: entered.db, actor, reason });
        return entered;
      };
      return { enter, each: (visit, options) => visitEach({ registry, open: enter, visit, ...options }) };
    },
    close: () => pools.closeAll(),
  };
}

function admit(
  record: TenantRecord | null,
  { tenantId, minimum, evenSuspended }: { tenantId: string; minimum: number } & Required<OpenOptions>,
): TenantRecord {
  if (!record || record.status === "creating") throw new TenantUnknown(`no active tenant ${tenantId}`);
  const { slug, status } = record;
  if (status === "deleting") throw new TenantDeleting(`tenant ${slug} is being deleted`);
  if (status === "moving") throw new TenantMoving(`tenant ${slug} is being moved`);
  if (status === "suspended" && !evenSuspended) throw new TenantSuspended(`tenant ${slug} is suspended`);
  if (record.schemaVersion < minimum) {
    throw new TenantBehind(
      `tenant ${slug} is at schema ${record.schemaVersion}, this code needs ${minimum}: run clarity migrate`,
    );
  }
  if (record.contractVersion > latestSchemaVersion()) {
    throw new TenantAhead(
      `tenant ${slug} is at schema ${record.schemaVersion}, this code knows ${latestSchemaVersion()}`,
    );
  }
  return record;
}

async function auditEntry(input: { db: TenantDb; actor: Actor; reason: string }): Promise<void> {
  const { db, actor, reason } = input;
  await db.query`
    insert into pay.audit_log (tenant_id, actor, action, subject, detail)
    values (${db.tenant.id}::uuid, ${auditName(actor)}, 'tenant.entered', ${db.tenant.slug}, ${json({ reason })})
    returning tenant_id`;
}

async function visitEach<T>(input: {
  registry: Registry;
  open: Tenants["open"];
  visit: (open: OpenTenant) => Promise<T>;
  evenSuspended?: boolean;
}): Promise<{ tenant: TenantRef; result: T | Error }[]> {
  const { evenSuspended = false } = input;
  const answers: { tenant: TenantRef; result: T | Error }[] = [];
  for (const { id, slug, name, status } of await input.registry.list()) {
    if (status !== "active" && !(evenSuspended && status === "suspended")) continue;
    const result = await input
      .open(id, { evenSuspended })
      .then(input.visit)
      .catch((error: Error) => error);
    answers.push({ tenant: { id, slug, name }, result });
  }
  return answers;
}

/**
 * The tenant's own role, password and database; on the registry's server unless the record names another.
 * Straight to the server, whatever pooler stands in front: for work that needs a session of its own.
 */
export async function connectionUrl(input: { registry: Registry; record: TenantRecord }): Promise<string> {
  const { registry, record } = input;
  const { id: tenantId, dataKey, otherDataKey, database } = record;
  const { masterKey } = registry;
  const keys = await openTenantKeys({ tenantId, dataKey, otherDataKey, masterKey });
  const url = new URL(registry.url);
  url.username = database.role;
  url.password = keys.open("connection", database.password);
  url.pathname = `/${database.name}`;
  if (database.server) {
    url.hostname = database.server.host;
    url.port = String(database.server.port);
  }
  return url.href;
}

/** Where pools connect: the pooler of the tenant's server when it has one. */
async function routeTo(input: {
  registry: Registry;
  record: TenantRecord;
  pooler: Pooler | null;
}): Promise<Route> {
  const { server } = input.record.database;
  const pooler = server ? server.pooler : input.pooler;
  const direct = await connectionUrl(input);
  if (!pooler) return { url: direct, pooled: false };
  const url = new URL(direct);
  url.hostname = pooler.host;
  url.port = String(pooler.port);
  return { url: url.href, pooled: true };
}
