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
export { findPlatform, NotConfigured, writeInstance } from "./config.ts";
export { type ContextFactoryOptions, createContextFactory, type MakeContext } from "./context-factory.ts";
export { fileMasterKey, type MasterKey } from "./crypto/master-key.ts";
export { type MasterKeyPlace, openMasterKey } from "./crypto/open-master-key.ts";
export { createServer, type Server, type ServerOptions } from "./http/create-server.ts";
export type { EdgeKey } from "./http/internal-token.ts";
export { routes as accessRoutes, type WrongWay, wrongWays } from "./isolation/routes.ts";
export { createLogger, type Logger } from "./log.ts";
export { type AuditEntry, openRegistry, type Registry } from "./registry/registry.ts";
export type { TenantRecord } from "./registry/tenant-record.ts";
export { createJwks, type Jwks, type JwksOptions } from "./sessions/jwks.ts";
export {
  addEmbedKey,
  type EmbedKey,
  EmbedKeyUnknown,
  findEmbedKey,
  listEmbedKeys,
  type NewEmbedKey,
  revokeEmbedKey,
} from "./tenants/embed-keys.ts";
export * from "./tenants/errors.ts";
export { type FleetMigration, type MigratedTenant, migrateTenants } from "./tenants/fleet/migrate-tenants.ts";
export { confirmMove } from "./tenants/placement/confirm-move.ts";
export { addDatabaseServer, type NewDatabaseServer } from "./tenants/placement/database-servers.ts";
export type { MoveRecord } from "./tenants/placement/move-record.ts";
export { moveTenant } from "./tenants/placement/move-tenant.ts";
export { resumeTenant, suspendTenant } from "./tenants/provisioning/change-status.ts";
export { type CreatedTenant, createTenant, type NewTenant } from "./tenants/provisioning/create-tenant.ts";
export { type Operator, openOperator } from "./tenants/provisioning/operator.ts";
export { type PlatformAddress, preparePlatform } from "./tenants/provisioning/prepare-platform.ts";
export { HostTaken, SlugTaken } from "./tenants/provisioning/register-tenant.ts";
export { applyRoleLimits } from "./tenants/provisioning/role-limits.ts";
export { tenantMigrations } from "./tenants/schema.ts";
export type { SettingKey, Settings, SettingValue } from "./tenants/settings.ts";
export { isSecret, type SettingSummary, type SettingsStore } from "./tenants/settings-store.ts";
export type { PoolOptions } from "./tenants/tenant-pools.ts";
export { type ElevatedTenants, type OpenTenant, openTenants, type Tenants } from "./tenants/tenants.ts";
