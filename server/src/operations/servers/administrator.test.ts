import { readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommandLine } from "../../cli/testing/run-command-line.ts";
import { connect } from "../../database/connect.ts";
import { createLogger } from "../../telemetry/log.ts";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import { connectionUrl } from "../../tenant/tenants.ts";
import { type ArchivedCluster, startArchivedCluster } from "../../testing/postgres-cluster.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { writeInstance } from "../config.ts";
import { type Operator, openOperator } from "../operator.ts";
import { type OtherServer, startOtherServer } from "../placement/testing/other-server.ts";
import { preparePlatform } from "../provisioning/prepare-platform.ts";
import { findMissingRights } from "./rights.ts";

/**
 * The script of rights against real servers, the oldest PostgreSQL there may be and the newest: who may give away
 * membership in a role changed in between.
 */
const folder = temporaryFolders();
const script = readFileSync(new URL("administrator.sql", import.meta.url), "utf8");
let oldest: ArchivedCluster;
let newest: OtherServer;

beforeAll(async () => {
  oldest = await startArchivedCluster({ folder: folder(), settings: { archive_timeout: "1" } });
  newest = await startOtherServer();
});
afterAll(async () => {
  await newest.close();
  await oldest.stop();
});

const asSuperuser = async <T>(url: string, run: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  return run(sql).finally(() => sql.end());
};

/** Runs the script. @returns the URL of the role it makes */
async function grantAll(url: string, namespace: string): Promise<string> {
  await asSuperuser(url, async (sql) => {
    await sql.unsafe(script.replaceAll("pay_", `${namespace}_`));
    await sql.unsafe("alter role clarity_admin password 'secret'");
  });
  return Object.assign(new URL(url), { username: "clarity_admin", password: "secret" }).href;
}

function openPlatform(address: Awaited<ReturnType<typeof preparePlatform>>) {
  const dataDir = folder();
  writeInstance(dataDir, address);
  const ctx = openOperator({ address, operator: "t", log: createLogger({ name: "t", level: "silent" }) });
  const env = {
    CLARITY_PGBACKREST_CONFIG: oldest.config,
    CLARITY_SCRATCH_DIR: oldest.folder,
    CLARITY_BACKUP_DIR: folder(),
  };
  const clarity = async (line: string, input = "") => {
    const { code, stdout, stderr } = await runCommandLine({ args: line.split(" "), dataDir, env, input });
    expect({ line, code, stderr: code === 0 ? "" : stderr, stdout: code === 0 ? "" : stdout }).toEqual({
      line,
      code: 0,
      stderr: "",
      stdout: "",
    });
    return stdout;
  };
  return { ctx, clarity };
}

/** Somebody's statement is under way in a tenant's database. @returns what became of it */
async function hold(ctx: Operator, slug: string): Promise<{ end: Promise<string> }> {
  const record = await ctx.registry.findBySlug(slug);
  if (!record) throw new Error(`no ${slug}`);
  const sql = connect({ url: await connectionUrl({ registry: ctx.registry, record }), max: 1 });
  // The role's own limit would end it after 5 s.
  await sql`set statement_timeout = 0`;
  const end = sql`select pg_sleep(600)`
    .then(() => "it went on to its end")
    .catch((error) => String(error.code))
    .finally(() => sql.end({ timeout: 0 }));
  return { end };
}

const made = (slug: string, more = "") =>
  `tenant create ${slug} --name N --template basic-invoice --admin a@${slug}.test${more}`;
const ended = /57P01|CONNECTION_CLOSED/;

test("with these rights and no others the whole of a tenant's life goes through, while it is used", async () => {
  const namespace = "life";
  const adminUrl = await grantAll(oldest.url, namespace);
  const address = await preparePlatform({
    adminUrl,
    masterKeyFile: join(folder(), "master.key"),
    namespace,
  });
  const { ctx, clarity } = openPlatform(await preparePlatform(address));
  try {
    await clarity("database-server add two", await grantAll(newest.url, namespace));
    await clarity("database-server prepare two");
    await clarity(made("acme"));
    await clarity(made("globex", " --database-server two"));
    await oldest.copyFiles();
    for (const slug of ["acme", "globex"]) {
      await clarity(`tenant suspend ${slug}`);
      await clarity(`tenant resume ${slug}`);
      await clarity(`migrate rollback ${slug} --to ${latestSchemaVersion() - 1}`);
      await clarity(`migrate retry ${slug}`);
    }
    await clarity("migrate run");
    await clarity("migrate run --dry-run");
    await clarity("migrate drift");
    await clarity("isolation report --reason rights");
    const found = await clarity("doctor");
    expect(found.match(/^ok .*: its administrator has the rights it needs$/gm)).toHaveLength(2);

    await clarity("backup create acme");
    const [backup] = JSON.parse(await clarity("backup list acme --json"));
    await clarity(`backup verify ${backup.id}`);
    await clarity("backup drill acme");
    const used = await hold(ctx, "acme");
    await clarity(`tenant restore-backup acme ${backup.id}`);
    await clarity("tenant restore-confirm acme");
    expect(await used.end).toMatch(ended);
    await clarity(`tenant restore acme --to ${new Date().toISOString()}`);
    await clarity("tenant restore-confirm acme");

    for (const [slug, server] of [
      ["acme", "two"],
      ["acme", "main"],
      ["globex", "main"],
      ["globex", "two"],
    ]) {
      const used = await hold(ctx, slug ?? "");
      await clarity(`tenant move ${slug} --database-server ${server}`);
      await clarity(`tenant move-confirm ${slug}`);
      expect(await used.end).toMatch(ended);
    }

    for (const slug of ["acme", "globex"]) {
      const used = await hold(ctx, slug);
      await clarity(`tenant delete ${slug} --now --confirm ${slug}`);
      expect(await used.end).toMatch(ended);
    }
    await clarity("backup prune");
    await clarity("database-server remove two");
  } finally {
    await ctx.close();
  }
}, 240_000);

const servers: [string, () => string][] = [
  ["the oldest PostgreSQL", () => oldest.url],
  ["the newest PostgreSQL", () => newest.url],
];

describe.each(servers)("on %s", (_, superuserUrl) => {
  test("what a superuser has made is taken over by running the script again", async () => {
    const namespace = "taken";
    const url = superuserUrl();
    const masterKeyFile = join(folder(), "master.key");
    const former = await preparePlatform({ adminUrl: url, masterKeyFile, namespace });
    const before = openPlatform(former);
    await before.clarity(made("acme"));
    await before.ctx.close();

    const adminUrl = await grantAll(url, "nobody");
    await expect(preparePlatform({ ...former, adminUrl })).rejects.toMatchObject({
      lacks: expect.arrayContaining([expect.stringMatching(/^to act for taken_owner/)]),
    });
    await grantAll(url, namespace);
    const { ctx, clarity } = openPlatform(await preparePlatform({ ...former, adminUrl }));
    await clarity(made("globex"));
    await clarity("migrate drift");
    for (const slug of ["acme", "globex"]) {
      const used = await hold(ctx, slug);
      await clarity(`tenant delete ${slug} --now --confirm ${slug}`);
      expect(await used.end).toMatch(ended);
    }
    await ctx.close();
  });

  test("each right that is taken away is named by the doctor's question, with what gives it back, and gives it back", async () => {
    const namespace = "rights";
    const adminUrl = await grantAll(superuserUrl(), namespace);
    const admin = connect({ url: adminUrl, max: 1 });
    const missing = () => findMissingRights({ admin, namespace });
    expect(await missing()).toEqual([]);
    const takeAway: [right: string, statement: string, needed: string][] = [
      ["createrole, createdb", "alter role clarity_admin nocreatedb", "making"],
      ["createrole, createdb", "alter role clarity_admin nocreaterole", "making"],
      ["pg_signal_backend", "revoke pg_signal_backend from clarity_admin", "operating"],
      ["pg_read_all_stats", "revoke pg_read_all_stats from clarity_admin", "operating"],
      [
        "set on parameter session_replication_role",
        "revoke set on parameter session_replication_role from clarity_admin",
        "operating",
      ],
      [
        "execute on function pg_switch_wal()",
        "revoke execute on function pg_switch_wal() from clarity_admin",
        "archive",
      ],
    ];
    for (const [right, statement, needed] of takeAway) {
      await asSuperuser(superuserUrl(), (sql) => sql.unsafe(statement));
      const [found, ...others] = await missing();
      expect({ right: found?.right, needed: found?.needed, others }).toEqual({ right, needed, others: [] });
      await asSuperuser(superuserUrl(), (sql) => sql.unsafe(found?.grant ?? ""));
      expect(await missing()).toEqual([]);
    }
    await admin.end();
  });
});

test("a server whose administrator lacks rights is not registered: all of them are named, and nothing was made there", async () => {
  const address = await preparePlatform({
    adminUrl: oldest.url,
    masterKeyFile: join(folder(), "master.key"),
    namespace: "adding",
  });
  const { ctx } = openPlatform(address);
  const url = await grantAll(newest.url, "adding");
  const add = async () => {
    const dataDir = folder();
    writeInstance(dataDir, address);
    return runCommandLine({ args: ["database-server", "add", "two"], dataDir, input: url });
  };
  await asSuperuser(newest.url, (sql) =>
    sql.unsafe(
      "alter role clarity_admin nocreatedb; revoke pg_signal_backend, pg_read_all_stats from clarity_admin",
    ),
  );
  const refused = await add();
  expect(refused.code).toBe(1);
  expect(refused.stderr.split("\n")).toEqual([
    "failed: the role clarity_admin lacks, all of it in server/src/operations/servers/administrator.sql:",
    expect.stringMatching(
      /^ {2}createrole, createdb \(.*\): alter role "clarity_admin" createrole createdb$/,
    ),
    expect.stringMatching(/^ {2}pg_signal_backend \(.*\): grant pg_signal_backend to "clarity_admin"$/),
    expect.stringMatching(/^ {2}pg_read_all_stats \(.*\): grant pg_read_all_stats to "clarity_admin"$/),
  ]);
  const rolesThere = () =>
    asSuperuser(newest.url, (sql) => sql`select rolname from pg_roles where starts_with(rolname, 'adding')`);
  expect(await rolesThere()).toEqual([]);
  expect(await ctx.registry.sql`select name from database_servers`).toEqual([]);
  await grantAll(newest.url, "adding");
  expect((await add()).code).toBe(0);
  expect((await rolesThere()).length).toBeGreaterThan(0);
  await ctx.close();
});
