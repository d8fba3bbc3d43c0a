import { fileURLToPath } from "node:url";
import { type Migration, readMigrations } from "../database/migrate.ts";

let migrations: Migration[] | null = null;

/** Of tenants' databases; read once. */
export function tenantMigrations(): readonly Migration[] {
  migrations ??= readMigrations(fileURLToPath(new URL("./migrations", import.meta.url)));
  return migrations;
}

/** The number of this code's last migration: what it makes new tenants with and migrates others to. */
export const latestSchemaVersion = (): number => tenantMigrations().length;

/** A database below it is of no use to this code. */
export const minimumSchemaVersion = (): number => lastNeeded(tenantMigrations());

/** The last migration its code cannot do without; 0: it needs none. */
const lastNeeded = (all: readonly Migration[]): number => all.findLast(({ needed }) => needed)?.version ?? 0;

/** The last contract migration up to a version, which older code cannot live with; 0: none. */
export const lastContract = (all: readonly Migration[], version: number): number =>
  all.slice(0, version).findLast(({ phase }) => phase === "contract")?.version ?? 0;
