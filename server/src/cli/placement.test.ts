import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../database/connect.ts";
import { writeInstance } from "../operations/config.ts";
import { type OtherServer, startOtherServer } from "../operations/placement/testing/other-server.ts";
import { latestSchemaVersion } from "../tenant/schema.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { runCommandLine } from "./testing/run-command-line.ts";

const dataDir = temporaryFolders()();
let platform: TestPlatform;
let other: OtherServer;
beforeAll(async () => {
  [platform, other] = await Promise.all([testPlatform(), startOtherServer()]);
  writeInstance(dataDir, platform.address);
  await platform.createTenant("acme");
});
afterAll(() => Promise.all([platform.close(), other.close()]));

const clarity = (command: string, input = "") => runCommandLine({ args: command.split(" "), dataDir, input });

const openWork = async (slug = "acme") => (await clarity(`tenant show ${slug} --json`)).json().open;

test("a database server is added by its administrator's URL, which is sealed and never printed", async () => {
  const { password } = new URL(other.url);
  const added = await clarity("database-server add db2", `${other.url}\n`);
  expect(added).toMatchObject({ code: 0, stdout: expect.stringMatching(/^db2 at 127.0.0.1:\d+ is ready/) });
  const { registry } = platform.operator;
  const [row] = await registry.sql<{ admin_secret: Uint8Array }[]>`select admin_secret from database_servers`;
  expect(Buffer.from(row?.admin_secret ?? []).toString("latin1")).not.toContain(password);
  const again = await clarity("database-server add db2", other.url);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("a database server db2 already") });
  const wrong = new URL(other.url);
  wrong.password = "wrong";
  const refused = await clarity("database-server add db3", wrong.href);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain("password authentication failed");
  expect((await clarity("database-server add db3", "mysql://there")).stderr).toContain("adminUrl");
  const known = async (name: string, url: string) => {
    const other = new URL(url);
    other.hostname = "localhost";
    expect((await clarity("database-server add db3", other.href)).stderr).toBe(
      `failed: that server is known already, as ${name}`,
    );
  };
  await known("db2", other.url);
  await known("main", platform.address.adminUrl);
  for (const { stdout, stderr } of [added, again, refused]) expect(stdout + stderr).not.toContain(password);

  expect((await clarity("database-server prepare db2")).code).toBe(0);
  expect((await clarity("database-server prepare nowhere")).stderr).toContain("no database server nowhere");
  const listed = JSON.parse((await clarity("database-server list --json")).stdout);
  expect(listed).toMatchObject([{ name: "db2", host: "127.0.0.1", pooler: null, tenants: 0 }]);
});

test("a tenant is promoted to an instance and a server of its own, and demoted again", async () => {
  const own = "http://acme.instances.test";
  const promote = `tenant promote acme --database-server db2 --instance ${own}`;
  expect((await clarity(promote)).stderr).toContain(`no server says that it is ${own}`);
  await platform.operator.registry.sql`
    insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
    values (gen_random_uuid(), ${own}, '1.4.0', ${latestSchemaVersion()}, 1, now(), now() + interval '1 hour')`;
  expect((await clarity("instance list")).stdout).toContain(`${own}  1.4.0`);

  const nowhere = await clarity("tenant promote acme --database-server db2 --instance shared");
  expect(nowhere).toMatchObject({ code: 1, stdout: "" });
  expect(nowhere.stderr).toContain("an instance of its own");
  const promoted = await clarity(`${promote}/`);
  expect(promoted).toMatchObject({ code: 0, stderr: "" });
  expect(promoted.stdout).toContain(`acme lives at database server db2, served by ${own}, tier dedicated`);
  expect(promoted.stdout).toMatch(/by replication\nnot served for \d+ ms\n\d+ rows in \d+ tables, the same/);
  expect((await clarity(promote)).code).toBe(0);
  const shown = JSON.parse((await clarity("tenant show acme --json")).stdout);
  expect(shown).toMatchObject({ tier: "dedicated", upstream: own, databaseServer: "db2" });
  expect((await clarity("tenant demote acme")).stderr).toContain("acme has moved to db2");
  expect(await openWork()).toBe("a move to db2, to be confirmed");
  expect((await clarity("tenant move-confirm acme")).stdout).toBe(
    `the old copy is gone: acme lives at database server db2, served by ${own}`,
  );
  expect(await openWork()).toBeNull();
  expect((await clarity("database-server remove db2")).stderr).toContain("acme lives there");

  const demoted = JSON.parse((await clarity("tenant demote acme --pause-and-copy --json")).stdout);
  expect(demoted).toMatchObject({
    moved: true,
    method: "copy",
    methodReason: "asked for",
    to: { server: null, upstream: null, tier: "standard" },
  });
  expect((await clarity("tenant move-confirm acme")).code).toBe(0);
  expect(JSON.parse((await clarity("tenant demote acme --json")).stdout)).toEqual({
    slug: "acme",
    moved: false,
  });
  expect((await clarity("tenant move acme")).stderr).toContain("say where to");
});

test("a move that is refused half-way says that it stays open, until it is ended; then the server can go", async () => {
  await platform.createTenant("globex");
  const { name } = (await platform.operator.registry.findBySlug("globex"))?.database ?? {};
  const sql = connect({ url: other.url, max: 1 });
  await sql.unsafe(`create database "${name}"`);
  const refused = await clarity("tenant move globex --database-server db2");
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain("is there already, and not by this move; the move stays open");
  expect(await openWork("globex")).toBe("a move to db2, not switched yet");
  expect((await clarity("database-server remove db2")).stderr).toContain("a move of globex is open");
  expect((await clarity("tenant move-abort globex")).stdout).toMatch(/^as before, globex lives at .* main/);
  await sql.unsafe(`drop database "${name}"`);
  await sql.end();
  expect((await clarity("database-server remove db2")).stdout).toBe("db2 is not known any more");
  expect((await clarity("database-server remove db2")).stderr).toContain("no database server db2");
});

test("a move to a server that is lost says what ends it, and is ended with a reason", async () => {
  const lost = await startOtherServer();
  expect((await clarity("database-server add lost", lost.url)).code).toBe(0);
  await lost.close();
  const failed = await clarity("tenant move globex --database-server lost");
  const aborted = await clarity("tenant move-abort globex");
  for (const { code, stdout, stderr } of [failed, aborted]) {
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("globex is served where it was");
    expect(stderr.match(/move-abort globex --force-reason/g)).toHaveLength(1);
  }
  expect((await clarity("tenant move-abort globex --force-reason=")).stderr).toContain("forceReason");
  expect((await clarity("tenant move-abort globex --force-reason fire")).stdout).toMatch(
    /^globex lives at .* main.*; should lost come back, database \w+ and role \w+ are left there$/,
  );
  expect(await openWork("globex")).toBeNull();
  expect((await clarity("database-server remove lost")).code).toBe(0);
});
