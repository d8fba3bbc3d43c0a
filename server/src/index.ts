/**
 * The platform part of the server for programs that start or operate it: the launcher, the command
 * line, benches. In order of use:
 *
 * ```ts
 * const address = await preparePlatform({ adminUrl, masterKeyFile });   // registry, roles, template
 * writeInstance(dataDir, { ...address, ...urls });                      // so that `npx clarity` finds it
 * const operator = openOperator({ address, operator: "launcher", log });
 * await migrateTenants({ ctx: operator, input: {} });                   // after an upgrade
 * const { tenant } = await createTenant({ ctx: operator, input: { slug, name, template, adminEmail } });
 * const open = await operator.tenants.open(tenant.id);                  // rows, settings and keys of one tenant
 * await open.settings.set("provider", { … });
 * await addEmbedKey({ ctx: open, input: { algorithm: "HS256", secret } });
 * await operator.close();
 * ```
 *
 * A server process needs less: `openRegistry({ url: registryUrl, masterKey: openMasterKey(place) })`, then
 * `openTenants({ registry, log })`, then `tenants.open(tenantId)` per request or job.
 */

export {
  type ContextFactoryOptions,
  createContextFactory,
  type MakeContext,
} from "./context/context-factory.ts";
export { fileMasterKey, type MasterKey } from "./crypto/master-key.ts";
export { type MasterKeyPlace, openMasterKey } from "./crypto/open-master-key.ts";
export { createServer, type Server, type ServerOptions } from "./http/create-server.ts";
export type { EdgeKey } from "./http/internal-token.ts";
export { findPlatform, NotConfigured, writeInstance } from "./operations/config.ts";
export { accessRoutes, type WrongWay, wrongWays } from "./operations/isolation/routes.ts";
export {
  type FleetMigration,
  type MigratedTenant,
  migrateTenants,
} from "./operations/migration/migrate-tenants.ts";
export { type Operator, openOperator } from "./operations/operator.ts";
export { confirmMove } from "./operations/placement/confirm-move.ts";
export { moveTenant } from "./operations/placement/move-tenant.ts";
export type { PlatformAddress } from "./operations/platform-address.ts";
export { resumeTenant, suspendTenant } from "./operations/provisioning/change-status.ts";
export { type CreatedTenant, createTenant, type NewTenant } from "./operations/provisioning/create-tenant.ts";
export { preparePlatform } from "./operations/provisioning/prepare-platform.ts";
export { HostTaken, SlugTaken } from "./operations/provisioning/register-tenant.ts";
export type { MoveRecord } from "./operations/records/move-record.ts";
export { addDatabaseServer, type NewDatabaseServer } from "./operations/servers/database-servers.ts";
export { applyRoleLimits } from "./operations/servers/role-limits.ts";
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
export { createJwks, type Jwks, type JwksOptions } from "./sessions/jwks.ts";
export { createLogger, type Logger } from "./telemetry/log.ts";
export * from "./tenant/errors.ts";
export { tenantMigrations } from "./tenant/schema.ts";
export type { SettingKey, Settings, SettingValue } from "./tenant/settings.ts";
export { isSecret, type SettingSummary, type SettingsStore } from "./tenant/settings-store.ts";
export type { PoolOptions } from "./tenant/tenant-pools.ts";
export { type ElevatedTenants, type OpenTenant, openTenants, type Tenants } from "./tenant/tenants.ts";
