import { expect, test, vi } from "vitest";
import type { OpenTenant } from "../../../tenant/tenants.ts";
import { rotateDataKeys } from "../../keys/rotate-data-key.ts";
import { withSecrets } from "../../testing/lived-in-tenant.ts";
import type { BackupRecord } from "../backup-record.ts";
import { createBackup } from "../create-backup.ts";
import { backupPlatform } from "../testing/backup-platform.ts";
import { runChild } from "../testing/run-child.ts";
import { withOwner } from "./load-database.ts";
import { restoreBackup } from "./restore-backup.ts";

vi.setConfig({ testTimeout: 240_000 });
const home = backupPlatform();

const rotate = (slug: string, dieBefore?: string) =>
  rotateDataKeys({
    ctx: home.platform.operator,
    input: { slugs: [slug], settleMs: 0 },
    onStep: (step) => {
      if (step === dieBefore) throw new Error(`no ${step} today`);
    },
  });
const restore = (slug: string, { id }: BackupRecord, more: { dieBefore?: string; reason?: string } = {}) =>
  restoreBackup({
    ctx: home.platform.operator,
    settings: home.settings,
    input: { slug, backupId: id, forceReason: more.reason ?? null },
    onStep: (step) => {
      if (step === more.dieBefore) throw new Error(`no ${step} today`);
    },
  });
const valuesOf = async ({ tenant }: OpenTenant) =>
  (await home.platform.operator.tenants.open(tenant.id)).settings;

/** With a backup whose secrets no key opens any more; of its password it has nothing since. */
async function rotatedSince(slug: string) {
  const tenant = await home.platform.createTenant(slug);
  await withSecrets(tenant);
  const made = await createBackup({
    ctx: { ...home.platform.operator, settings: home.settings },
    input: { slug },
  });
  await tenant.settings.unset("smtp.password");
  await rotate(slug);
  return { tenant, made };
}

test("killed before the switch, the next run's answer still says which secrets are to be set again", async () => {
  const { made } = await rotatedSince("killed");
  const wanted = { verb: "restoreBackup", slug: "killed", backupId: made.id, dieBefore: "close" } as const;
  expect(await runChild({ address: home.platform.address, settings: home.settings, ...wanted })).toBe(
    "SIGKILL",
  );
  const { switched } = await restore("killed", made);
  expect(switched?.report.secretsToSetAgain).toEqual(["settings/smtp.password"]);
});

test("what is set while the tenant is served between two runs is carried by the second", async () => {
  const { tenant, made } = await rotatedSince("paused");
  await expect(restore("paused", made, { dieBefore: "close" })).rejects.toThrow("no close today");
  const between = await valuesOf(tenant);
  await between.set("smtp.password", "set-again");
  // The first run has carried the one before this.
  await between.set("provider.secretKey", "changed-since");
  const { switched } = await restore("paused", made);
  expect(switched?.report.secretsToSetAgain).toEqual([]);
  const values = await valuesOf(tenant);
  await expect(values.get("smtp.password")).resolves.toBe("set-again");
  await expect(values.get("provider.secretKey")).resolves.toBe("changed-since");
});

test("of a database that is lost every secret is named, whichever run found that no key opens it", async () => {
  const { tenant, made } = await rotatedSince("lost");
  await home.platform.operator.admin.unsafe(`drop database "${tenant.record.database.name}" with (force)`);
  const reason = "a disk broke";
  await expect(restore("lost", made, { reason, dieBefore: "switch" })).rejects.toThrow("no switch today");
  const { switched } = await restore("lost", made, { reason });
  expect(switched?.report.secretsToSetAgain).toEqual([
    "settings/provider.secretKey",
    "settings/smtp.password",
    "embed_keys/erp-1",
  ]);
});

test("stopped beside a rotation that stopped before it sealed anew, a restore goes on, and the rotation after it", async () => {
  const { tenant, made } = await rotatedSince("floored");
  expect(await rotate("floored", "reseal")).toMatchObject([{ error: "no reseal today" }]);
  await expect(restore("floored", made, { dieBefore: "close" })).rejects.toThrow("no close today");
  const { switched } = await restore("floored", made);
  expect(switched?.report.secretsToSetAgain).toEqual(["settings/smtp.password"]);
  await expect((await valuesOf(tenant)).get("provider.secretKey")).resolves.toBe("canary-of-a-secret");
  // A process that has not heard of the new key seals nothing under the old one, here no more than there.
  const { db } = await home.platform.operator.tenants.open(tenant.tenant.id);
  const floor = await db.query`select tenant_id, minimum_version as version from pay.key_floor`;
  expect(floor).toMatchObject([{ version: 3 }]);
  expect(await rotate("floored")).toMatchObject([{ from: 2, to: 3, error: null }]);
  await expect((await valuesOf(tenant)).get("provider.secretKey")).resolves.toBe("canary-of-a-secret");
});

test.each([
  ["settings", ["settings/provider.secretKey", "settings/smtp.password"]],
  ["embed_keys", ["settings/smtp.password", "embed_keys/erp-1"]],
  ["key_floor", ["settings/smtp.password"]],
])("of a tenant whose %s somebody dropped, what is left elsewhere is carried", async (table, toSetAgain) => {
  const slug = `no-${table.replace("_", "-")}`;
  const { tenant, made } = await rotatedSince(slug);
  const place = { ctx: home.platform.operator, server: null, database: tenant.record.database.name };
  await withOwner(place, (sql) => sql.unsafe(`drop table pay.${table}`));
  const { switched } = await restore(slug, made);
  expect(switched?.report.secretsToSetAgain).toEqual(toSetAgain);
});
