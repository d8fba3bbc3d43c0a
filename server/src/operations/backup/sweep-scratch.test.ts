import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../database/connect.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { deleteTenantNow } from "../deletion/delete-tenant-now.ts";
import { names } from "../names.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { backupFindings } from "./backup-findings.ts";
import { claimFolder, type ScratchUse, scratchFolderName } from "./scratch-folder.ts";
import { type BackupSettings, backupSettings } from "./settings.ts";
import { sweepScratch } from "./sweep-scratch.ts";

const folder = temporaryFolders();
let platform: TestPlatform;
let settings: BackupSettings;
beforeAll(async () => {
  platform = await testPlatform();
  settings = backupSettings({ CLARITY_SCRATCH_DIR: folder() });
});
afterAll(() => platform.close());

const ctx = () => platform.operator;
const sweep = () => sweepScratch({ ctx: ctx(), settings });
const named = async () =>
  (await backupFindings({ ctx: ctx(), settings })).filter(({ advice }) => advice === "clarity backup prune");

/** As a drill or restore leaves it that was killed while it copied files: its process is no more. */
function leaveFolder(use: ScratchUse, id: string): string {
  const path = join(settings.scratchFolder, scratchFolderName(use, id));
  mkdirSync(join(path, "data"), { recursive: true });
  writeFileSync(join(path, "data", "PG_VERSION"), "15");
  writeFileSync(join(path, "owner"), JSON.stringify({ pid: process.pid, startedAt: "another process" }));
  return path;
}

async function leaveDatabase({ tenant }: OpenTenant, what: "drill" | "verify" | "dryrun"): Promise<string> {
  const name = names.beside(ctx().address.namespace, tenant.id, what);
  await ctx().admin.unsafe(`create database "${name}"`);
  return name;
}

/** @returns the restore's id */
async function openRestore({ tenant }: OpenTenant): Promise<string> {
  const [row] = await ctx().registry.sql<{ id: string }[]>`
    with restore as (
      insert into restores (id, tenant_id, to_instant, from_database, into_database, requested_by)
      values (gen_random_uuid(), ${tenant.id}, now(), 'a', ${`b-${tenant.id}`}, 'test') returning id
    ), audit as (
      insert into operator_audit (operator, action, tenant_id, detail)
      select 'test', 'tenant.restore_to', ${tenant.id}::uuid, jsonb_build_object('restore', id::text) from restore
    )
    select id::text from restore`;
  return row?.id ?? "";
}

test("what a killed drill, check or rehearsal has left is named and goes, whether its tenant is there or gone", async () => {
  const [here, gone] = [await platform.createTenant("here"), await platform.createTenant("gone")];
  await deleteTenantNow({ ctx: ctx(), input: { slug: "gone" } });
  const left = [
    ...[here, gone].map(({ tenant }) => leaveFolder("drill", tenant.id)),
    await leaveDatabase(here, "drill"),
    await leaveDatabase(here, "verify"),
    await leaveDatabase(here, "dryrun"),
  ].sort();
  const findings = await named();
  expect(findings).toHaveLength(5);
  for (const name of left)
    expect(findings).toContainEqual(
      expect.objectContaining({ ok: false, what: expect.stringContaining(name) }),
    );
  expect((await sweep()).sort()).toEqual(left);
  expect(await sweep()).toEqual([]);
  expect(left.filter((path) => existsSync(path))).toEqual([]);
  expect(await ctx().admin`select from pg_database where datname = any(${left}::text[])`).toHaveLength(0);
});

test("what a living process works with stays: it holds its tenant's lock, or the folder, or is in the database", async () => {
  const busy = await platform.createTenant("busy");
  const path = leaveFolder("drill", busy.tenant.id);
  const name = await leaveDatabase(busy, "drill");
  expect(await withTenantLock({ ctx: ctx(), tenantId: busy.tenant.id }, sweep)).toEqual([]);

  // A server that was started anew has forgotten its locks.
  claimFolder(path);
  const url = new URL(ctx().address.adminUrl);
  url.pathname = `/${name}`;
  const inside = connect({ url: url.href, max: 1, idleTimeoutSeconds: 0 });
  await inside`select 1`;
  expect(await sweep()).toEqual([]);
  expect(await named()).toEqual([]);
  await inside.end();

  leaveFolder("drill", busy.tenant.id);
  await expect.poll(sweep, { timeout: 5_000 }).toContain(name);
  expect(existsSync(path)).toBe(false);
});

test("the copy that an open restore goes on from stays, until it is no more of use or the tenant is gone", async () => {
  const { sql } = ctx().registry;
  const [first, second] = [await platform.createTenant("first"), await platform.createTenant("second")];
  const [of, other] = [await openRestore(first), await openRestore(second)];
  const [path, others] = [leaveFolder("restore", of), leaveFolder("restore", other)];
  expect(await sweep()).toEqual([]);
  await sql`update restores set verified_at = clock_timestamp() where id = ${of}`;
  expect(await sweep()).toEqual([path]);
  await deleteTenantNow({ ctx: ctx(), input: { slug: "second" } });
  expect(await sweep()).toEqual([others]);
});

test("a folder of which nobody knows whose it is stays: another platform on this machine may", async () => {
  const [drill, restore] = [leaveFolder("drill", "00000000"), leaveFolder("restore", "00000000")];
  mkdirSync(join(settings.scratchFolder, "pay-drill-of-mine"));
  expect(await sweep()).toEqual([]);
  expect([drill, restore].every((path) => existsSync(path))).toBe(true);
});
