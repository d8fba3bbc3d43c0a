/**
 * What makes, changes and ends tenants, for programs that hold an administrator: the launcher, the command line,
 * benches. In order of use:
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
 */
export { commandLineEnvironment } from "./cli/environment.ts";
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
