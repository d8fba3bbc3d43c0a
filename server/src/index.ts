/**
 * What serves tenants, for programs that start it: it opens each tenant's database with that tenant's own role and
 * holds no administrator's password. What makes and changes tenants is in `operate.ts`.
 *
 * ```ts
 * const registry = openRegistry({ url: registryUrl, masterKey: openMasterKey(place) });
 * const tenants = openTenants({ registry, log });
 * const open = await tenants.open(tenantId);                            // once a request or job
 * ```
 */
export {
  type ContextFactoryOptions,
  createContextFactory,
  type MakeContext,
} from "./context/context-factory.ts";
export { fileMasterKey, type MasterKey } from "./crypto/master-key.ts";
export { type MasterKeyPlace, openMasterKey } from "./crypto/open-master-key.ts";
export { serverEnvironment } from "./environment.ts";
export { createServer, type Server, type ServerOptions } from "./http/create-server.ts";
export type { EdgeKey } from "./http/edge-key.ts";
export { type AllowList, parseAllowList } from "./network/allow-list.ts";
export { createNetwork, type Network } from "./network/network.ts";
export { type AuditEntry, openRegistry, type Registry } from "./registry/registry.ts";
export type { TenantRecord } from "./registry/tenant-record.ts";
export {
  addEmbedKey,
  type EmbedKey,
  EmbedKeyUnknown,
  findEmbedKey,
  listEmbedKeys,
  type NewEmbedKey,
  revokeEmbedKey,
} from "./sessions/embed-keys.ts";
export { createJwks, type Jwks } from "./sessions/jwks.ts";
export { createLogger, type Logger } from "./telemetry/log.ts";
export * from "./tenant/errors.ts";
export { tenantMigrations } from "./tenant/schema.ts";
export type { SettingKey, Settings, SettingValue } from "./tenant/settings.ts";
export { isSecret, type SettingSummary, type SettingsStore } from "./tenant/settings-store.ts";
export type { PoolOptions } from "./tenant/tenant-pools.ts";
export { type ElevatedTenants, type OpenTenant, openTenants, type Tenants } from "./tenant/tenants.ts";
