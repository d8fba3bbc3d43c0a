import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../database/connect.ts";
import { writeInstance } from "../operations/config.ts";
import { latestSchemaVersion, minimumSchemaVersion } from "../tenant/schema.ts";
import type { OpenTenant } from "../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { runCommandLine } from "./testing/run-command-line.ts";

const dataDir = temporaryFolders()();
const latest = latestSchemaVersion();
/** A schema this code does not serve. */
const refused = minimumSchemaVersion() - 1;
let platform: TestPlatform;
let acme: OpenTenant;
beforeAll(async () => {
  platform = await testPlatform();
  writeInstance(dataDir, platform.address);
  acme = await platform.createTenant("acme");
  await platform.createTenant("globex");
});
afterAll(() => platform.close());

const clarity = (command: string) => runCommandLine({ args: command.split(" "), dataDir });

async function inAcme(statement: string): Promise<void> {
  const url = new URL(platform.address.adminUrl);
  url.pathname = `/${acme.record.database.name}`;
  const sql = connect({ url: url.href, max: 1 });
  await sql.unsafe(statement).finally(() => sql.end());
}

test("a tenant's way back and forward: ring, rollback, parked, dry run, retry, status", async () => {
  expect(await clarity("tenant ring acme canary")).toMatchObject({
    code: 0,
    stdout: "acme is in ring canary",
  });
  expect(await clarity("tenant ring acme soon")).toMatchObject({ code: 1 });
  expect(await clarity("migrate --json")).toMatchObject({ code: 0, stderr: "" });

  const back = await clarity(`migrate rollback acme --to ${refused} --json`);
  expect(back.json()).toEqual({ slug: "acme", from: latest, to: refused });
  const halted = await clarity("migrate");
  expect(halted.code).toBe(1);
  expect(halted.stdout).toContain(`acme  ${refused}  parked  taken back to schema ${refused}`);
  expect(halted.stdout).toContain("halted: ring canary: 1 failed (acme), 0 may");
  expect(await clarity("migrate --max-failures 100%")).toMatchObject({ code: 1 });
  const status = await clarity("migrate status");
  expect(status.stdout).toMatch(/canary +1 +0 +1 +1 +1 +0/);
  expect(status.stdout).toContain(`parked:\n  acme at ${refused}: taken back`);

  const rehearsed = await clarity("migrate --dry-run --tenant acme");
  expect(rehearsed.code).toBe(0);
  expect(rehearsed.stdout).toMatch(new RegExp(`acme: ${refused} → ${latest} on a copy of .* MB`));
  const retried = await clarity("migrate --tenant acme --retry-parked");
  expect(retried.code).toBe(0);
  expect(retried.stderr).toMatch(/^canary: 1 of 1, [\d.]+\/s, 0 s left$/);
  expect((await clarity("migrate status --json")).json()).toMatchObject({
    target: latest,
    parked: [],
    run: { state: "finished", slug: "acme" },
  });
  expect(await clarity(`migrate rollback acme --to ${refused}`)).toMatchObject({ code: 0 });
  expect(await clarity("migrate retry acme")).toMatchObject({ code: 0, stderr: "" });
});

test("drift is named and ends with code 1", async () => {
  expect((await clarity("migrate drift")).stdout).toBe("2 of 2 are as their migrations make them");
  await inAcme("create index hotfix on pay.payments (created_at)");
  const found = await clarity("migrate drift acme");
  expect(found.code).toBe(1);
  expect(found.stdout).toContain(`acme at schema ${latest}:\n  unexpected index pay.hotfix`);
  expect((await clarity("migrate status")).stdout).toContain("acme: unexpected index pay.hotfix");
});

test.each([
  ["migrate --parallel 0", "1 to 1000"],
  ["migrate --max-failures some", "a share of a ring such as 2%"],
  ["migrate --max-failures 101%", "a share of a ring such as 2%"],
  ["migrate --tenant nobody", "no tenant nobody"],
  ["migrate --dry-run --tenant nobody", "no tenant nobody"],
  ["migrate retry nobody", "no tenant nobody"],
  ["migrate drift nobody", "no tenant nobody"],
  ["migrate rollback nobody --to 1", "no tenant nobody"],
  ["migrate rollback acme", "--to"],
  ["migrate rollback acme --to 999", `it can be taken back to 1 to ${latest - 1}`],
  ["tenant ring nobody early", "no tenant nobody"],
])("%s fails and says why", async (command, cause) => {
  const { code, stdout, stderr } = await clarity(command);
  expect({ code: code > 0, stdout }).toEqual({ code: true, stdout: "" });
  expect(stderr).toContain(cause);
});
