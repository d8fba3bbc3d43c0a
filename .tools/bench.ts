/** `npm run bench`: figures as ratios, both sides measured in turn in one run. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLogger } from "@clarity/server";
import { removeEmbeddedPostgres, startEmbeddedPostgres } from "@clarity/server/embedded-postgres";
import { openOperator, preparePlatform } from "@clarity/server/operate";
import { creation } from "./bench/creation.ts";
import { firstKey } from "./bench/first-key/first-key.ts";
import { flood } from "./bench/fleet/flood.ts";
import { isolation } from "./bench/fleet/isolation.ts";
import { promote } from "./bench/fleet/promote.ts";
import { thousand } from "./bench/fleet/thousand.ts";
import { idleTenants } from "./bench/idle-tenants.ts";
import { oneKey } from "./bench/one-key/one-key.ts";
import { paths } from "./bench/paths.ts";
import { type Figure, report } from "./bench/report.ts";
import { slowErp } from "./bench/slow-erp.ts";

const rounds = 5;
process.chdir(fileURLToPath(new URL("..", import.meta.url)));

/** Names on the command line run those alone, such as `npm run bench -- flood promote`. */
const names = [
  "creation",
  "paths",
  "first-key",
  "slow-erp",
  "isolation",
  "flood",
  "promote",
  "thousand",
  "one-key",
] as const;
type Name = (typeof names)[number];
const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!names.includes(name as Name)) throw new Error(`no bench ${name}; there are: ${names.join(", ")}`);
}
const wants = (name: Name) => wanted.length === 0 || wanted.includes(name);

const assetsDir = "widget/dist";
const directory = mkdtempSync(join(tmpdir(), "bench-"));
const figures: Figure[] = [];
try {
  if (wants("one-key")) figures.push(...(await oneKey({ assetsDir })));
  // The rest is about servers.
  if (wanted.length === 0 || wanted.some((name) => name !== "one-key"))
    await withPostgres("postgres", onOnePlatform);
  // Has a PostgreSQL of its own: a thousand databases beside the others' would slow them all.
  if (wants("thousand")) figures.push(...(await thousand()));
  report(figures);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function onOnePlatform(adminUrl: string): Promise<void> {
  const masterKeyFile = join(directory, "master.key");
  const address = await preparePlatform({ adminUrl, masterKeyFile });
  const log = createLogger({ name: "bench", level: "error" });
  const operator = openOperator({ address, operator: "bench", log });
  try {
    if (wants("creation")) {
      figures.push(...(await creation({ adminUrl, operator, rounds: 60 })));
      figures.push(await idleTenants({ operator, assetsDir }));
    }
    if (wants("paths")) figures.push(...(await paths({ operator, assetsDir, rounds })));
    if (wants("first-key")) figures.push(...(await firstKey({ operator, assetsDir })));
    if (wants("slow-erp")) figures.push(...(await slowErp({ operator, assetsDir })));
    if (wants("isolation")) figures.push(...(await isolation({ operator, assetsDir })));
    if (wants("flood")) figures.push(...(await flood({ operator, assetsDir, rounds })));
    if (wants("promote")) {
      await withPostgres("other", async (otherUrl) => {
        figures.push(...(await promote({ operator, otherUrl, assetsDir })));
      });
    }
  } finally {
    await operator.close();
  }
}

async function withPostgres(name: string, run: (adminUrl: string) => Promise<void>): Promise<void> {
  const dataDir = join(directory, name);
  const database = await startEmbeddedPostgres({ dataDir, port: 0 });
  try {
    await run(database.url);
  } finally {
    await database.stop();
    // The cluster itself may be elsewhere, where the server's user can reach it.
    await removeEmbeddedPostgres(dataDir);
  }
}
