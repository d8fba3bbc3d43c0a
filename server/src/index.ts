/**
 * The platform part of the server for programs that start or operate it: the launcher, the command
 * line, benches. In order of use:
 *
 * ```ts
 * const address = await preparePlatform({ adminUrl, masterKeyFile });   // registry, roles, template
 * writeInstance(dataDir, { ...address, ...urls });                      // so that `npx clarity` finds it
 * const operator = await openOperator({ address, operator: "launcher" });
 * await migrateTenants({ ctx: operator, input: {} });                   // after an upgrade
 * const { tenant } = await createTenant({ ctx: operator, input: { slug, name, template, adminEmail } });
 * const open = await operator.tenants.open(tenant.id);                  // { tenant, db, settings, keys }
 * await open.settings.set("provider", { … });
 * await addEmbedKey({ ctx: open, input: { algorithm: "HS256", secret } });
 * await operator.close();
 * ```
 *
 * A server process needs less: `openRegistry({ url, masterKey: fileMasterKey(path) })`, then
 * `openTenants({ registry, log })`, then `tenants.open(tenantId)` per request or job.
 */
export { createLogger, type Logger } from "./log.ts";
export * from "./tenants/errors.ts";
