import { type Actor, auditName } from "../actor/actor.ts";
import type { MasterKey } from "../crypto/master-key.ts";
import { connect, type Sql } from "../database/connect.ts";
import { registryLookups } from "../telemetry/metrics.ts";
import { hostKey, RegistryCache, type RegistryCacheOptions } from "./registry-cache.ts";
import {
  loadChangedTenants,
  loadTenant,
  loadTenants,
  type TenantKey,
  type TenantRecord,
} from "./tenant-record.ts";

export interface AuditEntry {
  actor: Actor;
  /** Dotted, past tense not needed: `tenant.create`, `isolation.breach`. */
  action: string;
  tenantId?: string;
  /** Ids, counts, reasons. No personal data, no secrets. */
  detail?: Record<string, string | number | boolean | null>;
}

export interface Registry {
  /** Also the job queue's database. */
  readonly url: string;
  readonly masterKey: MasterKey;
  /** For the registry's own verbs; tenants' rows are not in it. */
  readonly sql: Sql;
  /**
   * The tenant that answers at a host name; `host` as in the Host header, any case, port allowed.
   * null: nobody does, or not yet. Look at `status`: it may not be served now.
   * @throws RegistryUnavailable when the registry is down and the tenant was not seen before.
   */
  findByHost(host: string): Promise<TenantRecord | null>;
  /** As `findByHost`, any status. */
  findById(id: string): Promise<TenantRecord | null>;
  /** As `findByHost`, any status. */
  findBySlug(slug: string): Promise<TenantRecord | null>;
  /** All tenants of any status by slug, straight from the database. */
  list(): Promise<TenantRecord[]>;
  audit(entry: AuditEntry): Promise<void>;
  /** Tenants seen before are served though the registry be down. */
  servesFromMemory(): boolean;
  close(): Promise<void>;
}

/**
 * Connects on first use. What is found is remembered for a few seconds; changes by other processes
 * arrive by NOTIFY.
 *
 * @param watch listen for changes; default true. A one-shot command needs none.
 * @param route where `sql` goes, and the role that it takes on there. Default: as `url` says. Only an administrator's
 * session writes in an operator's name
 */
export function openRegistry(input: {
  url: string;
  masterKey: MasterKey;
  cache?: RegistryCacheOptions;
  watch?: boolean;
  route?: { url: string; role: string };
}): Registry {
  const { url, ...taken } = input.route ?? { url: input.url };
  const sql = connect({ url, max: 4, session: { statement_timeout: 5_000, ...taken } });
  const cache = new RegistryCache(input.cache);
  const refresh = oneAtATime(() => cache.refresh((known) => loadChangedTenants(sql, known)));
  const onChange = () => {
    cache.expire();
    void refresh();
  };
  const watch = watcher({ sql, onChange, wanted: input.watch ?? true });
  const find = (name: string, key: TenantKey) =>
    cache.get(name, async () => {
      const found = await loadTenant(sql, key);
      watch();
      return found;
    });

  return {
    url: input.url,
    masterKey: input.masterKey,
    sql,
    async findByHost(host) {
      const name = host.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");
      const found = await find(`${hostKey}${name}`, { host: name });
      return found?.status === "creating" ? null : found;
    },
    findById: (id) => find(`id:${id}`, { id }),
    findBySlug: (slug) => find(`slug:${slug}`, { slug }),
    list: () => loadTenants(sql),
    async audit({ actor, action, tenantId, detail }) {
      await sql`
        insert into operator_audit (operator, action, tenant_id, detail)
        values (${auditName(actor)}, ${action}, ${tenantId ?? null}, ${sql.json(detail ?? {})})`;
    },
    servesFromMemory: () => cache.holdsAny(),
    close: () => sql.end({ timeout: 2 }),
  };
}

/** Starts listening once the registry has answered, and again when that failed. */
function watcher(input: { sql: Sql; onChange: () => void; wanted: boolean }): () => void {
  let listening = !input.wanted;
  return () => {
    if (listening) return;
    listening = true;
    // After a reconnect something may have been missed: `onlisten` runs then too.
    input.sql.listen("registry_changed", input.onChange, input.onChange).catch(() => {
      listening = false;
    });
  };
}

/** Asked for while it runs it runs once more. A failure waits for the next change, or for the connection to be back. */
function oneAtATime(run: () => Promise<void>): () => Promise<void> {
  let wanted = false;
  let running = false;
  return async () => {
    wanted = true;
    if (running) return;
    running = true;
    while (wanted) {
      wanted = false;
      await run().catch(() => registryLookups.inc({ result: "failed" }));
    }
    running = false;
  };
}

/** One connection to the registry's database that stays: session locks are its. Connects on first use. */
export const openRegistrySession = (url: string): Sql => connect({ url, max: 1, idleTimeoutSeconds: 0 });
