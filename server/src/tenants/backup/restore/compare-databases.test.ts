import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { connect } from "../../../database/client.ts";
import { type TestPlatform, testPlatform } from "../../../testing/index.ts";
import { type PostgresCluster, startCluster } from "../../../testing/postgres-cluster.ts";
import { temporaryFolders } from "../../../testing/temporary-folder.ts";
import type { OpenTenant } from "../../tenants.ts";
import { paymentRows } from "../../testing/lived-in-tenant.ts";
import { createBackup } from "../create-backup.ts";
import { type BackupSettings, backupSettings } from "../settings.ts";
import { restoreBackup } from "./restore-backup.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const folder = temporaryFolders();
let cluster: PostgresCluster;
let platform: TestPlatform;
let settings: BackupSettings;
beforeAll(async () => {
  cluster = await startCluster({ folder: folder() });
  platform = await testPlatform({ adminUrl: cluster.url });
  settings = backupSettings({ CLARITY_BACKUP_DIR: folder(), CLARITY_SCRATCH_DIR: cluster.folder });
});
afterAll(async () => {
  await platform.close();
  await cluster.stop();
});

const backUp = (slug: string) => createBackup({ ctx: { ...platform.operator, settings }, input: { slug } });
const restore = (slug: string, backupId: string, forceReason: string | null = null) =>
  restoreBackup({ ctx: platform.operator, settings, input: { slug, backupId, forceReason } });

async function paymentsOf({ tenant }: OpenTenant): Promise<string[]> {
  const { db } = await platform.operator.tenants.open(tenant.id);
  const rows = await db.query<{ tenant_id: string; id: string }>`select tenant_id, id from pay.payments`;
  return rows.map(({ id }) => id);
}

/** As a slip of an administrator's hand may do it. */
async function drop({ record }: OpenTenant, what: string): Promise<void> {
  const url = new URL(cluster.url);
  url.pathname = `/${record.database.name}`;
  const admin = connect({ url: url.href, max: 1 });
  await admin.unsafe(`drop ${what} cascade`);
  await admin.end();
}

test.each([
  ["payments", "table pay.payments"],
  ["schema", "schema pay"],
])("a tenant whose %s somebody dropped is brought back only with a reason", async (name, what) => {
  const tenant = await platform.createTenant(name);
  const kept = await paymentRows(tenant);
  const made = await backUp(name);
  await paymentRows(tenant);
  await drop(tenant, what);
  await expect(restore(name, made.id)).rejects.toThrow("--force-reason");
  const { switched } = await restore(name, made.id, "a slip of the hand");
  expect(switched?.report).toMatchObject({ oldDatabaseRead: false, payments: [] });
  expect(switched?.report.rows).toMatchObject({ "pay.payments": { before: 0, now: 1 } });
  expect(await paymentsOf(tenant)).toEqual([kept]);
});

test("a payment that vanished is named when the attempts are gone, and so are they", async () => {
  const tenant = await platform.createTenant("attempts");
  const kept = await paymentRows(tenant);
  const made = await backUp("attempts");
  const lost = await paymentRows(tenant);
  await drop(tenant, "table pay.attempts");
  const { switched } = await restore("attempts", made.id);
  expect(switched?.report.payments).toEqual([
    expect.objectContaining({ id: lost, state: "pending", stateNow: null, attempts: [] }),
  ]);
  expect(switched?.report.rows).toMatchObject({ "pay.attempts": { before: 0, now: 1 } });
  expect(await paymentsOf(tenant)).toEqual([kept]);
});
