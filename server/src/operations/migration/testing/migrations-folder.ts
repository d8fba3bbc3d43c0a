import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Migration, readMigrations } from "../../../database/migrate.ts";

const released = fileURLToPath(new URL("../../../tenant/migrations", import.meta.url));

/** A migration a later release would bring. */
export interface Later {
  name: string;
  up: string;
  down?: string;
}

/**
 * This code's migrations and later ones, as files.
 *
 * @param folder made if need be
 */
export function migrationsFolder(folder: string, later: readonly Later[]): readonly Migration[] {
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(released);
  for (const name of names) copyFileSync(join(released, name), join(folder, name));
  const last = names.filter((name) => /^\d+_\w+\.sql$/.test(name)).length;
  for (const [index, { name, up, down }] of later.entries()) {
    const stem = join(folder, `${String(last + index + 1).padStart(4, "0")}_${name}`);
    writeFileSync(`${stem}.sql`, up);
    if (down !== undefined) writeFileSync(`${stem}.down.sql`, down);
  }
  return readMigrations(folder);
}
