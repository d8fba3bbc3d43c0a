import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Later, migrationsFolder } from "./migrations-folder.ts";

const server = fileURLToPath(new URL("../../../..", import.meta.url));

/** A change of one file, which must be there to be changed. */
export interface Patch {
  /** Under the server's src. */
  file: string;
  from: string;
  to: string;
}

/**
 * The server as a later release would be: this one's source with more migrations and other lines.
 *
 * @param folder empty
 * @returns its src folder
 */
export function newerBuild({
  folder,
  later,
  patches,
}: {
  folder: string;
  later: readonly Later[];
  patches: readonly Patch[];
}): string {
  for (const part of ["src", "contract", "package.json"]) {
    cpSync(join(server, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(server, "node_modules"), join(folder, "node_modules"));
  const src = join(folder, "src");
  migrationsFolder(join(src, "tenant/migrations"), later);
  for (const { file, from, to } of patches) {
    const path = join(src, file);
    const text = readFileSync(path, "utf8");
    if (!text.includes(from)) throw new Error(`${file} has no ${from} any more: change the patch`);
    writeFileSync(path, text.replace(from, to));
  }
  return src;
}
