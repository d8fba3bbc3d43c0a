import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../database/connect.ts";
import { openOperator } from "../operations/operator.ts";
import { createLogger } from "../telemetry/log.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { type PostgresCluster, startCluster } from "../testing/postgres-cluster.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import type { CreateManyInput } from "./testing/create-many-child.ts";

const folder = temporaryFolders();
let primary: PostgresCluster;
let standby: PostgresCluster;
let platform: TestPlatform;
beforeAll(async () => {
  primary = await startCluster({ folder: folder() });
  platform = await testPlatform({ adminUrl: primary.url });
  standby = await startCluster({ folder: folder(), standbyOf: primary });
});
afterAll(async () => {
  await platform.operator.close();
  await Promise.all([primary.stop(), standby.stop()]);
});

/** The same place behind another port, as after an address was taken over. */
const moved = (url: string) => url.replace(`:${primary.port}/`, `:${standby.port}/`);

test("the primary is killed while tenants are made: the promoted standby has every one that was acknowledged", async () => {
  const { admin } = platform.operator;
  await admin.unsafe("alter system set synchronous_standby_names = 'standby'");
  await admin`select pg_reload_conf()`;
  const state = async () => (await admin`select sync_state from pg_stat_replication`)[0]?.sync_state;
  await expect.poll(state, { timeout: 20_000 }).toBe("sync");

  const script = fileURLToPath(new URL("./testing/create-many-child.ts", import.meta.url));
  const argument: CreateManyInput = { address: platform.address, prefix: "made" };
  const child = spawn(process.execPath, [script, JSON.stringify(argument)], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  const acknowledged: string[] = [];
  createInterface(child.stdout).on("line", (slug) => acknowledged.push(slug));
  await expect.poll(() => acknowledged.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(5);
  await primary.kill();
  child.kill("SIGKILL");
  await once(child, "close");

  const promoted = connect({ url: standby.url, max: 1 });
  await promoted`select pg_promote()`;
  const [row] = await promoted`select pg_is_in_recovery() as standing_by`;
  expect(row?.standing_by).toBe(false);
  await promoted.end();

  const { address } = platform;
  const ctx = openOperator({
    address: { ...address, adminUrl: moved(address.adminUrl), registryUrl: moved(address.registryUrl) },
    operator: "test",
    log: createLogger({ name: "test", level: "silent" }),
  });
  try {
    const active = (await ctx.registry.list()).filter(({ status }) => status === "active");
    expect(active.map(({ slug }) => slug)).toEqual(expect.arrayContaining(acknowledged));
    for (const { id, slug } of active) {
      const { settings } = await ctx.tenants.open(id);
      expect(await settings.get("seller.name")).toBe(`${slug} Ltd`);
    }
  } finally {
    await ctx.close();
  }
});
