import { fileURLToPath } from "node:url";
import { type Migration, readMigrations } from "../database/migrate.ts";

let migrations: Migration[] | null = null;

/** Of tenants' databases; read once. */
export function tenantMigrations(): readonly Migration[] {
  migrations ??= readMigrations(fileURLToPath(new URL("./migrations", import.meta.url)));
  return migrations;
}

/** What this code was written for: the number of its last migration. */
export const requiredSchemaVersion = (): number => tenantMigrations().length;
