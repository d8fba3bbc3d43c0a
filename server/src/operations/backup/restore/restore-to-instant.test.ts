import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { anchorAudit } from "../../../audit/anchors.ts";
import { verifyAudit } from "../../../audit/verify-audit.ts";
import { runCommandLine } from "../../../cli/testing/run-command-line.ts";
import { connect } from "../../../database/connect.ts";
import type { OpenTenant } from "../../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../../testing/index.ts";
import { type ArchivedCluster, startArchivedCluster } from "../../../testing/postgres-cluster.ts";
import { temporaryFolders } from "../../../testing/temporary-folder.ts";
import { writeInstance } from "../../config.ts";
import { deleteTenantNow } from "../../deletion/delete-tenant-now.ts";
import { exportTenant } from "../../export/export-tenant.ts";
import { importTenant } from "../../export/import-tenant.ts";
import { paymentRows, withSecrets } from "../../testing/lived-in-tenant.ts";
import { type DrillResult, drill } from "../drill.ts";
import { type BackupSettings, backupSettings } from "../settings.ts";
import { sweepScratch } from "../sweep-scratch.ts";
import { runChild } from "../testing/run-child.ts";
import { confirmRestore } from "./end-restore.ts";
import { recoverCluster } from "./recover-cluster.ts";
import { restoreToInstant } from "./restore-to-instant.ts";

const folder = temporaryFolders();
let cluster: ArchivedCluster;
let platform: TestPlatform;
let settings: BackupSettings;
let env: NodeJS.ProcessEnv;
let acme: OpenTenant;
let globex: OpenTenant;
let beforeCopy: Date;

beforeAll(async () => {
  cluster = await startArchivedCluster({ folder: folder() });
  platform = await testPlatform({ adminUrl: cluster.url });
  globex = await platform.createTenant("globex");
  beforeCopy = await now();
  await cluster.copyFiles();
  // Made after the last copy of the files.
  acme = await platform.createTenant("acme");
  env = {
    CLARITY_DATA_DIR: folder(),
    CLARITY_PGBACKREST_CONFIG: cluster.config,
    CLARITY_SCRATCH_DIR: cluster.folder,
  };
  writeInstance(String(env.CLARITY_DATA_DIR), platform.address);
  settings = backupSettings(env);
});
afterAll(async () => {
  await platform.close();
  await cluster.stop();
});

const now = async () => {
  const [row] = await platform.operator.admin<{ now: Date }[]>`select clock_timestamp() as now`;
  return row?.now ?? new Date();
};
const open = (tenant: OpenTenant) => platform.operator.tenants.open(tenant.tenant.id);
const restore = (slug: string, to: Date) =>
  restoreToInstant({ ctx: platform.operator, settings, input: { slug, to } });

async function paymentsOf(tenant: OpenTenant): Promise<string[]> {
  const { db } = await open(tenant);
  const rows = await db.query<{ tenant_id: string; id: string }>`select tenant_id, id from pay.payments`;
  return rows.map(({ id }) => id).sort();
}

/** A receipt number nobody was given before. */
async function nextReceipt(tenant: OpenTenant): Promise<number> {
  const { db } = await open(tenant);
  const [row] = await db.query<{ tenant_id: string; n: number }>`
    select ${tenant.tenant.id}::uuid as tenant_id, nextval('pay.receipt_numbers')::int as n`;
  return row?.n ?? 0;
}

/** What a command answers. */
async function clarity(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stderr, json } = await runCommandLine({
    args: [...args, "--json"],
    dataDir: String(env.CLARITY_DATA_DIR),
    env,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return json();
}

const databases = async () => {
  const rows = await platform.operator.admin<{ name: string; open: boolean }[]>`
    select datname as name, datallowconn as open from pg_database where datname like '%\\_t\\_%' order by 1`;
  return Object.fromEntries(rows.map(({ name, open }) => [name, open]));
};

/** No scratch cluster is left, on disk or running. */
function expectNothingLeft(): void {
  expect(readdirSync(cluster.folder).filter((name) => name.startsWith("pay-"))).toEqual([]);
}

/** A tenant is served all along: what it asks some twenty times a second is answered. */
function keepAsking(tenant: OpenTenant): () => Promise<{ asked: number; failed: unknown[] }> {
  let stopped = false;
  const failed: unknown[] = [];
  let asked = 0;
  const asking = (async () => {
    while (!stopped) {
      asked++;
      await paymentsOf(tenant).catch((error) => failed.push(error));
      await paymentRows(await open(tenant)).catch((error) => failed.push(error));
      await delay(50);
    }
  })();
  return async () => {
    stopped = true;
    await asking;
    return { asked, failed };
  };
}

/** A drill hurries nothing. */
async function whileArchivedSoon<T>(run: () => Promise<T>): Promise<T> {
  const { admin } = platform.operator;
  await admin.unsafe("alter system set archive_timeout = '1s'");
  await admin`select pg_reload_conf()`;
  try {
    return await run();
  } finally {
    await admin.unsafe("alter system reset archive_timeout");
    await admin`select pg_reload_conf()`;
  }
}

test("a drill on the command line measures what a crash would lose and how long the way back is", async () => {
  const before = await databases();
  const result = await whileArchivedSoon(() => clarity("backup", "drill", "globex"));
  const { rpoMs, rtoMs, steps, withinLimit } = result as unknown as DrillResult & { withinLimit: boolean };
  expect(steps.map(({ step }) => step)).toEqual(["recover", "load", "verify"]);
  // The promise is 15 min; archive_timeout and the archiver's own pace decide.
  expect({ withinLimit, measured: rpoMs > 0 && rpoMs < 900_000 }).toEqual({
    withinLimit: true,
    measured: true,
  });
  expect(rtoMs).toBeGreaterThan(0);
  expect(await databases()).toEqual(before);
  expectNothingLeft();
}, 120_000);

test("a tenant cannot be destroyed while a drill has its rows in another database: the destruction waits", async () => {
  const ctx = platform.operator;
  await platform.createTenant("drilled");
  const ended: string[] = [];
  await whileArchivedSoon(async () => {
    const drilling = drill({ ctx, settings, input: { slug: "drilled" } }).then(() => ended.push("drill"));
    const folders = () => readdirSync(cluster.folder).filter((name) => name.startsWith("pay-drill-"));
    await expect.poll(folders, { timeout: 60_000 }).toHaveLength(1);
    const deleting = deleteTenantNow({ ctx, input: { slug: "drilled" } }).then(() => ended.push("deletion"));
    await Promise.all([drilling, deleting]);
  });
  expect(ended).toEqual(["drill", "deletion"]);
  expectNothingLeft();
}, 120_000);

test("a recovered server follows nobody: a subscription it was copied with would take the rows of the one it is of", async () => {
  const recovered = await recoverCluster({
    settings,
    stanza: settings.pgBackRest.stanza,
    server: { major: 15, maxPreparedTransactions: 0 },
    database: globex.record.database.name,
    to: null,
    folder: join(cluster.folder, "pay-recovered"),
  });
  const url = "postgres://postgres@localhost/postgres";
  const sql = connect({ url, max: 1, socketFolder: recovered.socketFolder });
  try {
    const [row] = await sql`select current_setting('max_logical_replication_workers') as workers`;
    expect(row).toEqual({ workers: "0" });
    const followers = await sql`select from pg_stat_activity where backend_type like 'logical replication%'`;
    expect(followers).toHaveLength(0);
  } finally {
    await sql.end({ timeout: 1 });
    await recovered.close();
  }
  expectNothingLeft();
}, 120_000);

test("one tenant is brought back to an instant while all others are served, and what it lost is named", async () => {
  const { registry } = platform.operator;
  await withSecrets(acme);
  const kept = await paymentRows(acme);
  await anchorAudit({ registry: registry.sql, db: acme.db });
  const to = await now();
  const lost = await paymentRows(acme);
  await acme.db
    .query`update pay.payments set state = 'captured', captured_at = now() where id = ${lost}::uuid returning tenant_id`;
  await acme.settings.set("provider.secretKey", "changed-since");
  await anchorAudit({ registry: registry.sql, db: acme.db });
  const lastReceipt = await nextReceipt(acme);
  const beforeRestore = await now();

  const stopAsking = keepAsking(globex);
  const said = await clarity("tenant", "restore", "acme", "--to", to.toISOString());
  const { asked, failed } = await stopAsking();
  const restored = await restore("acme", to);
  expect(said).toMatchObject({ slug: "acme", restore: restored.id, ...restored.switched?.report });
  expect(failed).toEqual([]);
  expect(asked).toBeGreaterThan(20);
  expect(await paymentsOf(globex)).toHaveLength(asked);

  expect(await paymentsOf(acme)).toEqual([kept]);
  const { settings: values } = await open(acme);
  await expect(values.get("provider.secretKey")).resolves.toBe("canary-of-a-secret");
  const { payments, rows, secretsToSetAgain, oldDatabaseRead } = restored.switched?.report ?? {};
  expect(payments).toEqual([
    expect.objectContaining({ id: lost, state: "captured", stateNow: null, totalMinor: "9007199254740993" }),
  ]);
  expect(rows?.["pay.payments"]).toEqual({ before: 2, now: 1 });
  expect({ secretsToSetAgain, oldDatabaseRead }).toEqual({ secretsToSetAgain: [], oldDatabaseRead: true });
  expect(await nextReceipt(acme)).toBeGreaterThan(lastReceipt);

  // The tenant's own audit log tells of it, and is not taken for one that was cut off.
  const verdict = await verifyAudit({ registry: registry.sql, db: (await open(acme)).db });
  expect(verdict.damage).toBeNull();
  await anchorAudit({ registry: registry.sql, db: (await open(acme)).db });
  const told = await (await open(acme)).db.query`
    select tenant_id, detail ->> 'to' as "to" from pay.audit_log where action = 'tenant.restore'`;
  expect(told).toMatchObject([{ to: to.toISOString() }]);

  // Kept, closed, until it is confirmed.
  expect(await databases()).toMatchObject({ [restored.fromDatabase]: false, [restored.intoDatabase]: true });
  await expect(restore("acme", new Date(to.getTime() - 1))).rejects.toThrow("restore-confirm");
  expect(await clarity("tenant", "restore-confirm", "acme")).toEqual({
    slug: "acme",
    dropped: restored.fromDatabase,
  });
  expect(await clarity("tenant", "restore-confirm", "acme")).toEqual({ slug: "acme", dropped: null });
  expect(Object.keys(await databases())).not.toContain(restored.fromDatabase);
  expectNothingLeft();
  const audit = await registry.sql`
    select action from operator_audit where tenant_id = ${acme.tenant.id} and action like 'tenant.rest%' order by id`;
  expect(audit.map(({ action }) => action)).toEqual([
    "tenant.restore_to",
    "tenant.restored",
    "tenant.restore_confirmed",
  ]);

  // What it was then stands in the archive under the name of the database that was replaced, and dropped.
  await restore("acme", beforeRestore);
  expect(await paymentsOf(acme)).toEqual([kept, lost].sort());
  await confirmRestore({ ctx: platform.operator, input: { slug: "acme" } });
}, 180_000);

/** Each goes on where the one before it was killed. */
test("killed with -9 before each step, the next run goes on, and the tenant is whole after the last", async () => {
  const before = await paymentsOf(globex);
  const to = await now();
  await paymentRows(await open(globex));
  // Those after the pause are common to all restores, and each is killed in backup.test.ts.
  const steps = ["request", "flush", "recover", "load", "verify", "adapt", "switch"];
  for (const step of steps) {
    const wanted = {
      slug: "globex",
      verb: "restoreToInstant",
      to: to.toISOString(),
      dieBefore: step,
    } as const;
    const ended = await runChild({ address: platform.address, settings, ...wanted });
    expect({ step, ended }).toEqual({ step, ended: "SIGKILL" });
    const { status } = (await platform.operator.registry.findBySlug("globex")) ?? {};
    // What the next run goes on from is in nobody's way.
    expect(await sweepScratch({ ctx: platform.operator, settings })).toEqual([]);
    // Only from the pause on is it not served, and never from half a database.
    const paused = step === "switch";
    expect({ step, status }).toEqual({ step, status: paused ? "moving" : "active" });
    if (!paused) expect(await paymentsOf(globex)).toHaveLength(before.length + 1);
  }
  const restored = await restore("globex", to);
  expect(await paymentsOf(globex)).toEqual(before);
  expect(restored.switched?.report.payments).toHaveLength(1);
  expect(await databases()).toMatchObject({ [restored.fromDatabase]: false, [restored.intoDatabase]: true });
  await confirmRestore({ ctx: platform.operator, input: { slug: "globex" } });
  expectNothingLeft();
}, 240_000);

test("the server's files that a killed restore has left of a tenant that is gone are pruned", async () => {
  await platform.createTenant("doomed");
  const to = (await now()).toISOString();
  const wanted = { slug: "doomed", verb: "restoreToInstant", to, dieBefore: "load" } as const;
  expect(await runChild({ address: platform.address, settings, ...wanted })).toBe("SIGKILL");
  await deleteTenantNow({ ctx: platform.operator, input: { slug: "doomed" } });
  const left = readdirSync(cluster.folder).filter((name) => name.startsWith("pay-restore-"));
  expect(left).toHaveLength(1);
  expect(await clarity("backup", "prune")).toMatchObject({ swept: [join(cluster.folder, String(left[0]))] });
  expectNothingLeft();
}, 120_000);

test("instants there is no way to are told apart, and nothing is paused for them", async () => {
  const before = await databases();
  await expect(restore("acme", new Date(Date.now() + 60_000))).rejects.toThrow("has not come yet");
  await expect(restore("acme", new Date("2026-01-01T00:00:00Z"))).rejects.toThrow("acme was made at ");
  await expect(restore("globex", beforeCopy)).rejects.toThrow(
    /the archive's oldest copy is of .*, younger than /,
  );
  expect((await platform.operator.registry.findBySlug("acme"))?.status).toBe("active");
  // None was opened that would be in the way.
  expect(await clarity("tenant", "restore-abort", "acme")).toEqual({ slug: "acme", aborted: false });
  expect(await clarity("tenant", "restore-abort", "globex")).toEqual({ slug: "globex", aborted: false });
  await expect(restore("nobody", new Date())).rejects.toThrow("no tenant nobody");
  const { sql } = platform.operator.registry;
  const to = await now();
  await sql`
    insert into database_servers (name, host, port, admin_secret, admin_key_version)
    values ('earlier', 'localhost', 1, '', 1)`;
  await sql`
    insert into moves (id, tenant_id, slug, requested_by, from_server, from_tier, to_tier, switched_at, confirmed_at)
    values (gen_random_uuid(), ${acme.tenant.id}, 'acme', 'test', 'earlier', 'standard', 'standard',
      clock_timestamp(), clock_timestamp())`;
  await expect(restore("acme", to)).rejects.toThrow("acme lives at its database server since");
  expect(await databases()).toEqual(before);
  expectNothingLeft();
});

test("an instant within an import is none to go back to: the tenant's database had none of its rows", async () => {
  const ctx = platform.operator;
  await platform.createTenant("exported");
  const path = join(folder(), "exported");
  await exportTenant({ ctx, input: { slug: "exported", out: path } });
  const instants: Date[] = [];
  const onStep = async () => void instants.push(await now());
  await importTenant({ ctx, input: { path, slug: "imported", confirmed: true }, onStep });
  // At `done` it was made.
  for (const to of instants.slice(0, -1)) {
    await expect(restore("imported", to)).rejects.toThrow("imported was made at ");
  }
  // An instant is said to the millisecond, and a step may come within it.
  const [made] = await ctx.registry.sql<{ at: Date }[]>`
    update provisioning_steps set done_at = date_trunc('milliseconds', done_at) + interval '900 microseconds'
    from tenants where step = 'activate' and id = tenant_id and slug = 'imported' returning done_at as at`;
  await expect(restore("imported", made?.at ?? new Date())).rejects.toThrow("imported was made at ");
  expect(await clarity("tenant", "restore-abort", "imported")).toEqual({ slug: "imported", aborted: false });
});
