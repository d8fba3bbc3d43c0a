import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openEdgePublicKeys } from "../http/edge-key.ts";
import { writeInstance } from "../operations/config.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { runCommandLine } from "./testing/run-command-line.ts";

const folders = temporaryFolders();
const dataDir = folders();
let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
  writeInstance(dataDir, platform.address);
});
afterAll(() => platform.close());

const edgeKey = (folder: string, ...args: string[]) =>
  runCommandLine({ args: ["edge-key", ...args, "--folder", folder, "--json"], dataDir });

test("the verbs take a key of one PEM through a rotation: accepted, signing, alone; each is audited", async () => {
  const folder = folders();
  const file = join(folder, "edge-key.pem");
  const { privateKey } = generateKeyPairSync("ed25519");
  writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  const run = async (verb: string) => (await edgeKey(folder, verb)).json();
  const believed = async () =>
    (await openEdgePublicKeys(join(folder, "edge-key.pub.pem"), () => {})).all().map(({ id }) => id);

  const [former] = await run("list");
  expect(former.signs).toBe(true);
  const added = await run("add");
  expect(added).toEqual([former, { id: expect.any(String), signs: false }]);
  const next = added[1].id;
  expect(await believed()).toEqual([former.id, next]);
  // What a process before this release reads of it.
  expect(createPrivateKey(readFileSync(file)).equals(privateKey)).toBe(true);
  expect(await run("use")).toEqual([
    { id: next, signs: true },
    { id: former.id, signs: false },
  ]);
  expect(await believed()).toEqual([next, former.id]);
  expect(await run("retire")).toEqual({ removed: [former.id] });
  expect(await run("list")).toEqual([{ id: next, signs: true }]);
  expect(await believed()).toEqual([next]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await run("retire")).toEqual({ removed: [] });

  const rows = await platform.operator.registry.sql`
    select action from operator_audit where starts_with(action, 'edge_key') order by id`;
  expect(rows.map(({ action }) => action)).toEqual(["edge_key.add", "edge_key.use", "edge_key.retire"]);
});

test("without a key, or with what is none, nothing is made and nothing of it is said", async () => {
  const folder = folders();
  for (const verb of ["list", "add", "use", "retire"]) {
    const { code, stderr } = await edgeKey(folder, verb);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("there is no") });
  }
  writeFileSync(join(folder, "edge-key.pem"), "hunter2");
  for (const verb of ["list", "add", "use", "retire"]) {
    const { code, stderr } = await edgeKey(folder, verb);
    expect(code).toBe(1);
    expect(stderr).toContain("no Ed25519 private key");
    expect(stderr).not.toContain("hunter2");
  }
  expect(existsSync(join(folder, "edge-key.pub.pem"))).toBe(false);
});
