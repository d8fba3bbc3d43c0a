import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { Actor } from "../actor/actor.ts";
import type { Connector } from "../connectors/connector.ts";
import { observedConnector } from "../connectors/observed-connector.ts";
import type { Hooks } from "../hooks/pipeline.ts";
import { createNetwork, type Network } from "../network/network.ts";
import { observedProvider } from "../providers/observed-provider.ts";
import type { Provider } from "../providers/provider.ts";
import { SettingMissing } from "../tenant/errors.ts";
import { createFlags } from "../tenant/flags/flags.ts";
import type { Settings } from "../tenant/settings.ts";
import type { TenantRef } from "../tenant/tenant-db.ts";
import type { OpenTenant } from "../tenant/tenants.ts";
import { type Adapters, adapters as builtIn } from "./adapters.ts";
import type { Context, Job } from "./context.ts";
import { createErpTurns } from "./erp-turns.ts";

export interface ContextFactoryOptions {
  /** A tenant's hooks by slug (`loadPlugins`). Default: none. */
  hooks?: (slug: string) => Hooks;
  /** Wakes the worker. Default: nobody; the sweep finds the rows. */
  wake?: (tenantId: string, jobs: readonly Job[]) => Promise<void>;
  /** Default: the real ones. */
  adapters?: Adapters;
  /** The way out to what tenants name. Default: to public addresses by https. */
  network?: Network;
  log: Logger;
  now?: () => Date;
}

/** Who acts, and in answer to what. */
interface Occasion {
  actor: Actor;
  requestId: string;
}

export type MakeContext = (open: OpenTenant, occasion: Occasion) => Context;

/**
 * Makes contexts: the only place where a tenant in hand meets its provider, its ERP, its hooks. An
 * adapter lives as long as the settings it was made from, for it holds tokens and who waits for a turn.
 */
export function createContextFactory(options: ContextFactoryOptions): MakeContext {
  const { adapters = builtIn, log, wake = async () => {}, now = () => new Date() } = options;
  const network = options.network ?? createNetwork();
  const provider = keepWhileSame<Provider>();
  const connector = keepWhileSame<Connector>();
  const flagsOf = createFlags({ log, now });
  const none: Hooks = {};
  return ({ tenant, record, db, settings, flags }, { actor, requestId }) => ({
    tenant,
    db,
    settings,
    flags: flagsOf({ tenant, flags }, actor.kind === "customer" ? actor.id : null),
    provider: () => provider(tenant.id, () => providerOf({ tenant, settings, adapters, network })),
    connector: () =>
      connector(tenant.id, () => connectorOf({ tenant, record, db, settings, adapters, network })),
    network,
    hooks: options.hooks?.(tenant.slug) ?? none,
    wake: (jobs) => wake(tenant.id, jobs),
    actor,
    requestId,
    log: log.child({ tenant: tenant.slug, requestId }),
    now,
  });
}

/** How to build an adapter, and everything that it depends on. */
interface Building<T> {
  dependencies: unknown;
  build: () => T;
}

interface AdapterSource {
  tenant: TenantRef;
  settings: Settings;
  adapters: Adapters;
  network: Network;
}

async function providerOf({
  tenant,
  settings,
  adapters,
  network,
}: AdapterSource): Promise<Building<Provider>> {
  const config = await settings.get("provider");
  if (!config) throw new SettingMissing("provider");
  const secretKey = await settings.get("provider.secretKey");
  const webhookSecret = await settings.get("provider.webhookSecret");
  const secrets = { secretKey, webhookSecret };
  const build = () => observedProvider(adapters.provider(config, secrets, network), tenant);
  return { dependencies: [config, secrets], build };
}

async function connectorOf({
  tenant,
  record,
  db,
  settings,
  adapters,
  network,
}: AdapterSource & Pick<OpenTenant, "record" | "db">): Promise<Building<Connector> | null> {
  const config = await settings.get("connector");
  if (!config) return null;
  const secret = await settings.get("connector.secret");
  const build = () =>
    observedConnector(adapters.connector(config, secret, { turns: createErpTurns(db), network }), tenant);
  // With a new record the tenant may live in another database: its turns are taken there.
  return { dependencies: [config, secret, record.updatedAt], build };
}

/** Adapters hold secrets in the clear: those of tenants nobody asked for lately are let go. */
const maxKept = 500;

/** One `T` a tenant, replaced when its dependencies change. Only their digest is kept. */
function keepWhileSame<T>() {
  const kept = new LRUCache<string, { digest: string; value: T }>({ max: maxKept });
  return async <R extends Building<T> | null>(tenantId: string, read: () => Promise<R>) => {
    const building = await read();
    if (!building) return null as R extends null ? null : never;
    const digest = hash("sha256", JSON.stringify(building.dependencies), "base64url");
    const known = kept.get(tenantId);
    if (known?.digest === digest) return known.value;
    const value = building.build();
    kept.set(tenantId, { digest, value });
    return value;
  };
}
