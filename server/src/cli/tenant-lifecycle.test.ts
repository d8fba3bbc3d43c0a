import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeInstance } from "../operations/config.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { runCommandLine } from "./testing/run-command-line.ts";

let platform: TestPlatform;
const folder = temporaryFolders();
const dataDir = folder();
beforeAll(async () => {
  platform = await testPlatform();
  writeInstance(dataDir, platform.address);
  await platform.createTenant("acme");
});
afterAll(() => platform.close());

const clarity = (command: string) => runCommandLine({ args: command.split(" "), dataDir });

test("what is exported is imported as another tenant", async () => {
  const out = join(folder(), "acme.tar");
  const exported = await clarity(`tenant export acme --out ${out} --json`);
  expect(exported.json()).toMatchObject({ out, manifest: { format: "tenant-export", formatVersion: 1 } });
  expect(existsSync(out)).toBe(true);
  const listed = await clarity(`tenant import ${out} --slug acme-two --host pay.two.example`);
  expect(listed.code).toBe(1);
  expect(listed.stdout).toMatch(/^nothing was made: .*\n {2}user, owner +admin@acme.test\n.*--confirm$/);
  expect((await clarity("tenant show acme-two")).stderr).toContain("no tenant acme-two");
  const imported = await clarity(
    `tenant import ${out} --slug acme-two --host pay.two.example --confirm --json`,
  );
  expect(imported.code).toBe(0);
  expect(imported.json()).toMatchObject({
    created: true,
    tenant: { slug: "acme-two", hosts: ["acme-two.localhost", "pay.two.example"] },
    toBeSetAgain: { settings: [], embed_keys: [] },
  });
  expect((await clarity("tenant show acme-two --json")).json().status).toBe("active");
});

test("a deleted tenant comes back within the grace period", async () => {
  const deleted = await clarity("tenant delete acme --grace-days 5 --json");
  expect(deleted.json()).toMatchObject({ slug: "acme", status: "deleting", dueAt: expect.any(String) });
  expect((await clarity("tenant show acme --json")).json().status).toBe("deleting");
  expect((await clarity("setting get acme seller.name")).code).toBe(1);
  expect((await clarity("tenant purge")).stdout).toBe("nothing is due");
  expect((await clarity("tenant restore acme --json")).json()).toEqual({ slug: "acme", status: "active" });
});

test("--now needs the slug once more, and answers a signed certificate", async () => {
  for (const command of ["tenant delete acme --now", "tenant delete acme --now --confirm acme-two"]) {
    const refused = await clarity(command);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("add --confirm acme");
  }
  expect((await clarity("tenant show acme --json")).json().status).toBe("active");
  const { code, json } = await clarity("tenant delete acme --now --confirm acme --json");
  expect(code).toBe(0);
  expect(json()).toMatchObject({
    certificate: { type: "tenant-deletion", tenant: { slug: "acme" } },
    jws: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    publicKey: { kty: "OKP", crv: "Ed25519" },
  });
  expect(json().publicKey).not.toHaveProperty("d");
  const words = (await clarity("tenant delete acme --now --confirm acme")).stdout;
  expect(words).toContain(`\npublic key: ${JSON.stringify(json().publicKey)}`);
  expect((await clarity("tenant show acme")).stderr).toContain("no tenant acme");
});

test("purge destroys what is due, and ends with 1 when one could not be", async () => {
  await clarity("tenant delete acme-two --grace-days 0");
  await platform.createTenant("stuck");
  await clarity("tenant delete stuck --grace-days 0");
  // Its database is gone without us.
  const name = (await platform.operator.registry.findBySlug("stuck"))?.database.name ?? "";
  await platform.operator.admin.unsafe(`drop database ${name} with (force)`);
  const purged = await clarity("tenant purge --json");
  expect(purged.code).toBe(1);
  expect(purged.json()).toMatchObject([
    { slug: "acme-two", error: null, certificate: { tenant: { slug: "acme-two" } } },
    { slug: "stuck", error: expect.stringContaining("does not exist") },
  ]);
  const forced = await clarity(
    "tenant delete stuck --now --confirm stuck --force-reason dropped-by-hand --json",
  );
  expect(forced.json()).toMatchObject({
    certificate: { destroyed: { rowCounts: {} }, unfinished: { reason: "dropped-by-hand" } },
  });
  expect((await clarity("tenant purge")).stdout).toBe("nothing is due");
});

test.each([
  ["tenant export acme", "--out"],
  ["tenant import /nowhere --slug x1", "no manifest.json"],
  ["tenant delete nobody", "no tenant nobody"],
  ["tenant delete nobody --now --confirm nobody", "no tenant nobody"],
  ["tenant delete acme-two --grace-days 1.5", "0 to 3650 days"],
  ["tenant restore nobody", "no tenant nobody"],
])("%s ends with its cause on standard error and code 1", async (command, cause) => {
  const { code, stdout, stderr } = await clarity(command);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(cause);
});
