import { pino } from "pino";
import type { Context } from "../../context/context.ts";
import { connect, type Sql } from "../../database/connect.ts";
import type { Hooks } from "../../hooks/pipeline.ts";
import { loopbackNetwork } from "../../network/testing/loopback.ts";
import type { Provider } from "../../providers/provider.ts";
import { createCircuitBreaker } from "../../tenant/circuit-breaker.ts";
import { type FlagKey, flagDefinitions } from "../../tenant/flags/definitions.ts";
import type { Flags } from "../../tenant/flags/flags.ts";
import { type SettingKey, settingDefinitions } from "../../tenant/settings.ts";
import type { TenantDb } from "../../tenant/tenant-db.ts";
import type { TenantPools } from "../../tenant/tenant-pools.ts";
import { createTenantDb } from "../../tenant/tenant-query.ts";

/**
 * A tenant's connection as a role of its own, so that row-level security holds in tests too.
 *
 * @param role taken on by an administrator's session, as an operator's is. Default: none
 */
export function openTenantDb(url: string, tenantId: string, role?: string): { db: TenantDb; sql: Sql } {
  const session = { "app.tenant_id": tenantId, ...(role !== undefined && { role }) };
  const sql = connect({ url, max: 8, session });
  const pools: Pick<TenantPools, "use" | "abandon"> = {
    use: (_, run) => run(sql, {} as never),
    abandon: () => {},
  };
  const db = createTenantDb({
    tenant: { id: tenantId, slug: "acme", name: "Acme" },
    record: {} as never,
    pools: pools as TenantPools,
    monitor: {
      async check(tenant, rows) {
        if (rows.some((row) => row.tenant_id !== tenant.id)) throw new Error("a foreign row");
      },
      breach: async (_, found) => {
        throw new Error(found);
      },
    },
    gate: { pending: new Map(), breaker: createCircuitBreaker() },
    options: { queryTimeoutMs: 20_000, maxPending: 500 } as never,
  });
  return { db, sql };
}

export function createContext(input: {
  db: TenantDb;
  provider: Provider;
  hooks: Hooks;
  settings: Partial<Record<SettingKey, unknown>>;
  flags?: Partial<Record<FlagKey, boolean>>;
}): Context {
  const get = async (key: SettingKey) => {
    const definition = settingDefinitions[key];
    const fallback = "default" in definition ? definition.default : undefined;
    const value = key in input.settings ? input.settings[key] : fallback;
    if (value instanceof Error) throw value;
    return value;
  };
  return {
    tenant: input.db.tenant,
    db: input.db,
    hooks: input.hooks,
    settings: { get: get as never, set: async () => {} },
    flags: { get: async (key: FlagKey) => input.flags?.[key] ?? flagDefinitions[key].default } as Flags,
    provider: async () => input.provider,
    connector: async () => null,
    network: loopbackNetwork,
    wake: async () => {},
    actor: { kind: "customer", id: "C-1" },
    requestId: "r-1",
    log: pino({ level: "silent" }),
    now: () => new Date(),
  };
}
