import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Family } from "./family.ts";

const folder = dirname(dirname(fileURLToPath(import.meta.url)));

/** Every family there is: a file in `.tools/attack`. */
export async function families(): Promise<Family[]> {
  const files = globSync("*.ts", { cwd: folder, exclude: (name) => name.endsWith(".test.ts") }).sort();
  return Promise.all(files.map(async (file) => (await load(file)).family));
}

const load = (file: string) => import(pathToFileURL(join(folder, file)).href) as Promise<{ family: Family }>;
