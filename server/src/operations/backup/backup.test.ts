import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Decrypter, generateX25519Identity } from "age-encryption";
import { describe, expect, test, vi } from "vitest";
import { createContextFactory } from "../../context/context-factory.ts";
import { connect } from "../../database/connect.ts";
import { addEmbedKey, listEmbedKeys, revokeEmbedKey } from "../../sessions/embed-keys.ts";
import { createLogger } from "../../telemetry/log.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { deleteTenantNow } from "../deletion/delete-tenant-now.ts";
import { rotateDataKeys } from "../keys/rotate-data-key.ts";
import { moveTenant } from "../placement/move-tenant.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { finishWork, paymentRows, withSecrets } from "../testing/lived-in-tenant.ts";
import { backupFindings } from "./backup-findings.ts";
import { type BackupRecord, loadBackups } from "./backup-record.ts";
import { createBackupSchedule } from "./backup-schedule.ts";
import { createBackup } from "./create-backup.ts";
import { pruneBackups } from "./prune-backups.ts";
import { abortRestore, confirmRestore } from "./restore/end-restore.ts";
import { restoreBackup } from "./restore/restore-backup.ts";
import type { BackupSettings } from "./settings.ts";
import type { BackupChildInput } from "./testing/backup-child.ts";
import { backupPlatform } from "./testing/backup-platform.ts";
import { runChild } from "./testing/run-child.ts";
import { verifyBackup } from "./verify-backup.ts";

// Many processes are started; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000 });
const home = backupPlatform();

const ctx = () => home.platform.operator;
const backUp = (slug: string) =>
  createBackup({ ctx: { ...ctx(), settings: home.settings }, input: { slug } });
const verify = (id: string) => verifyBackup({ ctx: ctx(), settings: home.settings, input: { id } });
const prune = (changes: Partial<BackupSettings> = {}) =>
  pruneBackups({ ctx: { ...ctx(), settings: { ...home.settings, ...changes } }, input: { tenantId: null } });
const restore = (slug: string, { id }: BackupRecord) =>
  restoreBackup({ ctx: ctx(), settings: home.settings, input: { slug, backupId: id } });
const open = ({ tenant }: OpenTenant) => ctx().tenants.open(tenant.id);
const inChild = (input: Omit<BackupChildInput, "address" | "settings">) =>
  runChild({ address: home.platform.address, settings: home.settings, ...input });

async function paymentsOf(tenant: OpenTenant): Promise<string[]> {
  const { db } = await open(tenant);
  const rows = await db.query<{ tenant_id: string; id: string }>`select tenant_id, id from pay.payments`;
  return rows.map(({ id }) => id).sort();
}
const databases = async () => {
  const rows = await ctx().admin<{ name: string }[]>`
    select datname as name from pg_database where datname like '%\\_t\\_%' order by 1`;
  return rows.map(({ name }) => name);
};

test("a backup made while payments come in is one instant's, whole, and unreadable as it lies there", async () => {
  const acme = await home.platform.createTenant("acme");
  await withSecrets(acme);
  for (let n = 0; n < 20; n++) await paymentRows(acme);
  let writing = true;
  const writer = (async () => {
    while (writing) await paymentRows(acme);
  })();
  const made = await backUp("acme");
  writing = false;
  await writer;
  const counted = made.finished?.contents["pay.payments"]?.rows ?? 0;
  expect(counted).toBeGreaterThanOrEqual(20);
  expect(counted).toBeLessThan((await paymentsOf(acme)).length);
  const bytes = readFileSync(made.file);
  expect(bytes.toString("latin1")).toMatch(/^age-encryption\.org\/v1\n-> X25519 /);
  expect(bytes.toString("latin1")).not.toContain("PGDMP");

  const before = await databases();
  expect((await verify(made.id)).verifiedAt).toBeInstanceOf(Date);
  expect(await databases()).toEqual(before);
});

test("a changed byte, a cut end, a missing file and another table's rows are found", async () => {
  await home.platform.createTenant("damaged");
  const made = await backUp("damaged");
  const bytes = readFileSync(made.file);
  const changed = Buffer.from(bytes);
  changed[bytes.length - 40] = ~Number(changed[bytes.length - 40]) & 0xff;
  writeFileSync(made.file, changed);
  await expect(verify(made.id)).rejects.toThrow("is not the file that was written");
  truncateSync(made.file, bytes.length - 100);
  await expect(verify(made.id)).rejects.toThrow("is not the file that was written");
  writeFileSync(made.file, bytes);
  const { sql } = ctx().registry;
  await sql`update backups set contents = jsonb_set(contents, '{pay.settings,checksum}', '"1"') where id = ${made.id}`;
  await expect(verify(made.id)).rejects.toThrow("pay.settings holds other values");
  await expect(verify("00000000-0000-4000-8000-000000000000")).rejects.toThrow("no backup");
});

test("a backup is checked only while its tenant cannot be destroyed meanwhile", async () => {
  const tenant = await home.platform.createTenant("checked");
  const { id } = await backUp("checked");
  const tenantId = tenant.tenant.id;
  const verifying = await withTenantLock({ ctx: ctx(), tenantId }, async () => {
    const started = verify(id);
    const waiting = () => ctx().admin`select 1 from pg_locks where locktype = 'advisory' and not granted`;
    await expect.poll(async () => (await waiting()).length).toBe(1);
    expect((await databases()).filter((name) => name.endsWith("_verify"))).toEqual([]);
    return { started };
  });
  expect((await verifying.started).verifiedAt).toEqual(expect.any(Date));
});

test("a tenant is brought back to a backup, and what it lost is named", async () => {
  const tenant = await home.platform.createTenant("initech");
  const other = await home.platform.createTenant("other");
  const kept = await paymentRows(tenant);
  const embedKey = { id: "erp-1", algorithm: "HS256", secret: "known-to-a-thief-before-long-0123" } as const;
  await addEmbedKey({ ctx: tenant, input: embedKey });
  const made = await backUp("initech");
  const lost = await paymentRows(tenant);
  await revokeEmbedKey({ ctx: tenant, input: { id: embedKey.id } });
  await expect(restore("other", made)).rejects.toThrow(`no backup ${made.id}: `);
  const restored = await restore("initech", made);
  expect(await paymentsOf(tenant)).toEqual([kept]);
  expect(restored.switched?.report.payments).toEqual([expect.objectContaining({ id: lost, stateNow: null })]);
  // What a thief holds does not open the tenant again.
  expect(await listEmbedKeys({ ctx: await open(tenant) })).toMatchObject([{ revokedAt: expect.any(Date) }]);
  expect(await restore("initech", made)).toEqual(restored);
  const move = moveTenant({ ctx: ctx(), input: { slug: "initech", tier: "starter" } });
  await expect(move).rejects.toThrow("a restore of initech is open");
  // It goes on from there: paying, being backed up, being restored.
  await paymentRows(await open(tenant));
  await confirmRestore({ ctx: ctx(), input: { slug: "initech" } });
  const again = await backUp("initech");
  await restore("initech", again);
  expect(await paymentsOf(tenant)).toHaveLength(2);
  expect(await paymentsOf(other)).toEqual([]);
});

test("a payment that only one of the two databases knows is named, whatever its age", async () => {
  const tenant = await home.platform.createTenant("one-sided");
  const [kept, removed] = [await paymentRows(tenant), await paymentRows(tenant)];
  const made = await backUp("one-sided");
  const imported = await paymentRows(tenant);
  const url = new URL(home.platform.address.adminUrl);
  url.pathname = `/${tenant.record.database.name}`;
  // Past every trigger and reference, as a slip of an administrator's hand may be.
  const admin = connect({ url: url.href, max: 1, session: { session_replication_role: "replica" } });
  await admin`delete from pay.payments where id = ${removed}`;
  await admin`
    update pay.payments set created_at = '2020-01-01', updated_at = '2020-01-01' where id in (${imported}, ${kept})`;
  await admin.end();
  const { switched } = await restore("one-sided", made);
  expect(switched?.report.payments).toEqual([
    expect.objectContaining({ id: imported, state: "pending", stateNow: null }),
    expect.objectContaining({
      id: removed,
      state: null,
      stateNow: "pending",
      attempts: [expect.objectContaining({ providerAccount: null })],
    }),
  ]);
});

test("a restore that fails in its pause leaves the tenant served as before, and goes on when run again", async () => {
  const tenant = await home.platform.createTenant("umbrella");
  const kept = await paymentRows(tenant);
  const made = await backUp("umbrella");
  const input = { slug: "umbrella", backupId: made.id };
  for (const failing of ["compare", "close"]) {
    const onStep = (step: string) => {
      if (step === failing) throw new Error(`no ${failing} today`);
    };
    const failed = restoreBackup({ ctx: ctx(), settings: home.settings, input, onStep });
    await expect(failed).rejects.toThrow(`no ${failing} today`);
    expect((await ctx().registry.findBySlug("umbrella"))?.status).toBe("active");
    await paymentRows(await open(tenant));
  }
  const restored = await restore("umbrella", made);
  expect(restored.switched?.report.payments).toHaveLength(2);
  expect(await paymentsOf(tenant)).toEqual([kept]);
});

test("a lost database is brought back only with a reason: nobody can tell which payments vanished", async () => {
  const tenant = await home.platform.createTenant("lost");
  const kept = await paymentRows(tenant);
  const made = await backUp("lost");
  await ctx().admin.unsafe(`drop database "${tenant.record.database.name}" with (force)`);
  await expect(restore("lost", made)).rejects.toThrow("--force-reason");
  const input = { slug: "lost", backupId: made.id, forceReason: "a disk broke" };
  const restored = await restoreBackup({ ctx: ctx(), settings: home.settings, input });
  expect(restored.switched?.report).toMatchObject({ oldDatabaseRead: false, payments: [] });
  expect(await paymentsOf(tenant)).toEqual([kept]);
});

test("a rotated data key opens older backups still, and what it does not open is what the tenant has now", async () => {
  const tenant = await home.platform.createTenant("rotated");
  await withSecrets(tenant);
  const made = await backUp("rotated");
  await tenant.settings.set("provider.secretKey", "set-since");
  await tenant.settings.unset("smtp.password");
  const [rotated] = await rotateDataKeys({ ctx: ctx(), input: { slugs: ["rotated"], settleMs: 0 } });
  expect(rotated?.error).toBeNull();
  await verify(made.id);
  const { switched } = await restore("rotated", made);
  expect(switched?.report.secretsToSetAgain).toEqual(["settings/smtp.password"]);
  const { settings: values } = await open(tenant);
  await expect(values.get("provider.secretKey")).resolves.toBe("set-since");
  // It seals, too: the restored floor is not above the key in use.
  await values.set("smtp.password", "set-again");
  await expect(values.get("smtp.password")).resolves.toBe("set-again");
});

test("after a purge a kept backup file can be read by nobody", async () => {
  const tenant = await home.platform.createTenant("purged");
  await paymentRows(tenant);
  const made = await backUp("purged");
  await finishWork(tenant);
  await deleteTenantNow({ ctx: ctx(), input: { slug: "purged" } });
  expect(existsSync(made.file)).toBe(true);
  await expect(verify(made.id)).rejects.toThrow("with it what opened its backups");
  await expect(restore("purged", made)).rejects.toThrow("no tenant purged");

  // The file is for one identity, and the registry holds none any more.
  const decrypter = new Decrypter();
  decrypter.addIdentity(await generateX25519Identity());
  await expect(decrypter.decrypt(readFileSync(made.file))).rejects.toThrow("no identity matched");
  const left = await ctx().registry.sql`select from tenants where id = ${tenant.tenant.id}`;
  expect(left).toHaveLength(0);

  const { removed } = await prune();
  expect(removed).toEqual([{ id: made.id, slug: "purged" }]);
  expect(existsSync(made.file)).toBe(false);
});

test("what outlived the retention goes, but never a tenant's last, and what failed is named", async () => {
  const tenant = await home.platform.createTenant("old");
  const [first, second, third] = [await backUp("old"), await backUp("old"), await backUp("old")];
  const { sql } = ctx().registry;
  await sql`update backups set started_at = started_at - interval '40 days', snapshot_at = snapshot_at - interval '40 days'
    where tenant_id = ${tenant.tenant.id} and id <> ${third.id}`;
  expect(new Set((await prune()).removed.map(({ id }) => id))).toEqual(new Set([first.id, second.id]));
  await sql`update backups set started_at = started_at - interval '40 days', snapshot_at = snapshot_at - interval '40 days'
    where id = ${third.id}`;
  expect((await prune()).removed).toEqual([]);
  expect(await prune({ folder: "/elsewhere", retentionMs: 0 })).toMatchObject({ removed: [] });

  const stale = (await backupFindings({ ctx: ctx(), settings: home.settings })).filter(({ ok }) => !ok);
  expect(stale).toEqual([expect.objectContaining({ what: expect.stringMatching(/^old: last backup of /) })]);
  const broken = { ...ctx(), settings: { ...home.settings, pgBin: "/nowhere" } };
  await expect(createBackup({ ctx: broken, input: { slug: "old" } })).rejects.toThrow(
    "no pg_dump of PostgreSQL 15",
  );
  const findings = await backupFindings({ ctx: ctx(), settings: home.settings });
  expect(findings.map(({ what }) => what).join()).toContain(
    "the last try failed: no pg_dump of PostgreSQL 15",
  );
  await backUp("old");
  expect((await backupFindings({ ctx: ctx(), settings: home.settings })).filter(({ ok }) => !ok)).toEqual([]);
});

test("the worker makes what is due, once, though several processes look, and prunes", async () => {
  const tenant = await home.platform.createTenant("scheduled");
  const log = createLogger({ name: "test", level: "silent" });
  const { registry } = ctx();
  const schedules = [1, 2].map(() => createBackupSchedule({ registry, settings: home.settings, log }));
  const job = createContextFactory({ log })(tenant, { actor: { kind: "worker" }, requestId: randomUUID() });
  const finished = async () =>
    (await loadBackups(registry.sql, tenant.tenant.id)).filter((backup) => backup.finished !== null);
  const sweep = () => Promise.all(schedules.map((schedule) => schedule.run(job)));
  await sweep();
  await expect.poll(finished, { timeout: 20_000 }).toHaveLength(1);
  await sweep();
  expect(await loadBackups(registry.sql, tenant.tenant.id)).toHaveLength(1);

  const [old] = await finished();
  await registry.sql`update backups set started_at = started_at - interval '40 days' where id = ${old?.id ?? ""}`;
  await sweep();
  const ids = async () => (await finished()).map(({ id }) => id);
  await expect.poll(ids, { timeout: 20_000 }).not.toContain(old?.id);
  expect(existsSync(old?.file ?? "")).toBe(false);
});

describe("killed with -9", () => {
  test("before each step of a backup, nothing is left in the way of the next one", async () => {
    const tenant = await home.platform.createTenant("halves");
    await paymentRows(tenant);
    const { sql } = ctx().registry;
    const of = () => loadBackups(sql, tenant.tenant.id);
    for (const dieBefore of ["announce", "dump", "record", "done"]) {
      expect(await inChild({ verb: "create", slug: "halves", dieBefore })).toBe("SIGKILL");
    }
    // Of the one killed before `announce` nobody knows, the last was finished.
    expect((await of()).map(({ finished }) => finished !== null)).toEqual([true, false, false]);
    const made = await backUp("halves");
    await sql`
      update backups set started_at = started_at - interval '40 days'
      where tenant_id = ${tenant.tenant.id} and id <> ${made.id}`;
    await prune();
    expect((await of()).map(({ id }) => id)).toEqual([made.id]);
    expect(readdirSync(join(home.settings.folder, tenant.tenant.id))).toEqual([`${made.id}.dump.age`]);
    await verify(made.id);
  });

  test("before each step of a restore, of its end and its confirmation, the next run goes on", async () => {
    const tenant = await home.platform.createTenant("killed");
    const slug = "killed";
    const kept = [await paymentRows(tenant)];
    const made = await backUp(slug);
    const all = [...kept, await paymentRows(tenant)].sort();
    const kill = async (verb: BackupChildInput["verb"], dieBefore: string) =>
      expect({ dieBefore, ended: await inChild({ verb, slug, backupId: made.id, dieBefore }) }).toEqual({
        dieBefore,
        ended: "SIGKILL",
      });
    const before = await databases();

    await kill("restoreBackup", "switch");
    await expect(paymentsOf(tenant)).rejects.toMatchObject({ code: "tenant_moving" });
    for (const step of ["resume", "drop", "record"]) await kill("abort", step);
    await abortRestore({ ctx: ctx(), settings: home.settings, input: { slug } });
    expect(await abortRestore({ ctx: ctx(), settings: home.settings, input: { slug } })).toBeNull();
    expect(await paymentsOf(tenant)).toEqual(all);
    expect(await databases()).toEqual(before);

    for (const step of ["request", "load", "adapt", "pause", "compare", "close", "switch", "done"]) {
      await kill("restoreBackup", step);
      if (step === "request" || step === "load" || step === "adapt")
        expect(await paymentsOf(tenant)).toEqual(all);
    }
    expect(await paymentsOf(tenant)).toEqual(kept);
    for (const step of ["drop", "record"]) await kill("confirm", step);
    await confirmRestore({ ctx: ctx(), input: { slug } });
    expect(await confirmRestore({ ctx: ctx(), input: { slug } })).toBeNull();
    expect(await databases()).toHaveLength(before.length);
    expect(await paymentsOf(tenant)).toEqual(kept);
  });
});
