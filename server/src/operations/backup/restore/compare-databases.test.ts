import { expect, test, vi } from "vitest";
import { connect } from "../../../database/connect.ts";
import type { OpenTenant } from "../../../tenant/tenants.ts";
import { paymentRows } from "../../testing/lived-in-tenant.ts";
import { createBackup } from "../create-backup.ts";
import { backupPlatform } from "../testing/backup-platform.ts";
import { restoreBackup } from "./restore-backup.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const home = backupPlatform();

const backUp = (slug: string) =>
  createBackup({ ctx: { ...home.platform.operator, settings: home.settings }, input: { slug } });
const restore = (slug: string, backupId: string, forceReason: string | null = null) =>
  restoreBackup({
    ctx: home.platform.operator,
    settings: home.settings,
    input: { slug, backupId, forceReason },
  });

async function paymentsOf({ tenant }: OpenTenant): Promise<string[]> {
  const { db } = await home.platform.operator.tenants.open(tenant.id);
  const rows = await db.query<{ tenant_id: string; id: string }>`select tenant_id, id from pay.payments`;
  return rows.map(({ id }) => id);
}

/** As a slip of an administrator's hand may do it. */
async function drop({ record }: OpenTenant, what: string): Promise<void> {
  const url = new URL(home.platform.address.adminUrl);
  url.pathname = `/${record.database.name}`;
  const admin = connect({ url: url.href, max: 1 });
  await admin.unsafe(`drop ${what} cascade`);
  await admin.end();
}

test.each([
  ["payments", "table pay.payments"],
  ["schema", "schema pay"],
])("a tenant whose %s somebody dropped is brought back only with a reason", async (name, what) => {
  const tenant = await home.platform.createTenant(name);
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
  const tenant = await home.platform.createTenant("attempts");
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
