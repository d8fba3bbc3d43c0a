import { join } from "node:path";
import { PassThrough } from "node:stream";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Context } from "../context/context.ts";
import { anchorChore } from "../operations/audit/anchor-chore.ts";
import { fileSink, shipLogs } from "../operations/audit/ship-logs.ts";
import { writeInstance } from "../operations/config.ts";
import { createLogger } from "../telemetry/log.ts";
import type { OpenTenant } from "../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { runCommandLine } from "./testing/run-command-line.ts";

let platform: TestPlatform;
let acme: OpenTenant;
const dataDir = temporaryFolders()();
beforeAll(async () => {
  platform = await testPlatform();
  writeInstance(dataDir, platform.address);
  acme = await platform.createTenant("acme");
  await platform.createTenant("globex");
});
afterAll(() => platform.close());

const clarity = (...args: string[]) => runCommandLine({ args, dataDir });

const elevations = async () =>
  (
    await platform.operator.registry.sql`
    select detail ->> 'reason' as reason from operator_audit where action = 'tenants.elevated' order by id`
  ).map(({ reason }) => reason);

test("show tells who set what, and of one subject only when asked", async () => {
  await clarity("setting", "set", "acme", "seller.name", "Acme & Co");
  const { code, stdout } = await clarity("audit", "show", "acme", "--subject", "seller.name");
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^row +at +who +what +of +detail\n\d+ +20\S+ +operator:\S+ +setting.set +seller.name +{"from":{.+}}$/,
  );
  const all = (await clarity("audit", "show", "acme", "--limit", "2", "--json")).json();
  expect(all).toMatchObject([{ action: "setting.set" }, {}]);
  expect((await clarity("audit", "show", "acme", "--limit", "0")).stderr).toContain("from 1 to 1000");
});

test("all tenants at once need a reason, which is audited before anything is read", async () => {
  const refused = await clarity("audit", "verify", "--all", "--reason", " ");
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain("say why with --reason");
  expect(await elevations()).toEqual([]);
  const { code, stdout } = await clarity("audit", "verify", "--all", "--reason", "yearly audit");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^acme +whole: \d+ rows, none known to the registry\nglobex +whole: /);
  expect(await elevations()).toEqual(["yearly audit"]);
  expect((await clarity("audit", "verify")).stderr).toContain("name a tenant, or give --all");
});

test("the registry's own logs are checked beside the tenants', or alone, and against a copy that was shipped", async () => {
  const all = await clarity("audit", "verify", "--all", "--reason", "yearly audit", "--json");
  const whole = { damage: null, rows: expect.any(Number) };
  const logs = [
    { log: "operator_audit", ...whole },
    { log: "audit_heads", ...whole },
  ];
  expect(all.json()).toMatchObject([{ tenant: "acme" }, { tenant: "globex" }, ...logs]);
  const copy = join(dataDir, "copy.jsonl");
  await shipLogs({ registry: platform.operator.registry.sql, sink: fileSink(copy) });
  const alone = await clarity("audit", "verify", "--registry", "--shipped", copy);
  expect(alone).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^the operators' log +whole: \d+ rows, known to the shipped copy up to row/,
    ),
  });
  await platform.rewriteRegistry(`begin; set local session_replication_role = replica;
    delete from operator_audit where id > 2; commit`);
  const cut = await clarity("audit", "verify", "--registry", "--shipped", copy);
  expect(cut.code).toBe(1);
  expect(cut.stdout).toMatch(/^the operators' log +BROKEN at row/);
  for (const wrong of [
    ["acme", "--registry"],
    ["--all", "--registry"],
    ["acme", "--shipped", copy],
  ]) {
    expect((await clarity("audit", "verify", ...wrong)).stderr).toContain("--registry");
  }
});

test("a log that was cut is named with its row and exit code 1; the worker that meets it alerts and serves on", async () => {
  const anchored = (await clarity("audit", "anchor", "acme", "--json")).json();
  expect(anchored).toEqual([{ tenant: "acme", row: expect.any(String), at: expect.any(String) }]);
  const known = await clarity("audit", "verify", "acme", "--json");
  expect(known.json()).toMatchObject([{ damage: null, anchors: 1, anchoredUpTo: anchored[0].row }]);

  const url = new URL(platform.address.adminUrl);
  url.pathname = `/${acme.record.database.name}`;
  const owner = postgres(url.href, { max: 1, connection: { session_replication_role: "replica" } });
  await owner`delete from pay.audit_log where id = ${anchored[0].row}`;
  await owner.end();

  const cut = await clarity("audit", "verify", "acme");
  expect(cut.code).toBe(1);
  expect(cut.stdout).toContain(`BROKEN at row ${anchored[0].row}, truncated`);
  expect((await clarity("audit", "verify", "globex")).code).toBe(0);

  const lines: string[] = [];
  const destination = new PassThrough().on("data", (line) => lines.push(`${line}`));
  const log = createLogger({ name: "test", destination });
  await anchorChore(platform.operator.registry.sql).run({ db: acme.db, log } as unknown as Context);
  expect(JSON.parse(lines[0] ?? "{}")).toMatchObject({ level: 60, tenantId: acme.tenant.id });
});
