import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "../../../testing/index.ts";
import { temporaryFolders } from "../../../testing/temporary-folder.ts";
import { drill } from "../drill.ts";
import { backupSettings } from "../settings.ts";
import { InstantUnreachable } from "./errors.ts";
import { restoreToInstant } from "./restore-to-instant.ts";

const folder = temporaryFolders();
let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());

const noArchive = async (asked: Promise<unknown>) => {
  await expect(asked).rejects.toThrow(InstantUnreachable);
  await expect(asked).rejects.toThrow("archive_mode is off");
};

test("where the server archives no WAL a drill says so at once, and does not wait for what never comes", async () => {
  const { tenant } = await platform.createTenant("drilled");
  const settings = backupSettings({ CLARITY_SCRATCH_DIR: folder() });
  await noArchive(drill({ ctx: platform.operator, settings, input: { slug: tenant.slug } }));
});

test("where the server archives no WAL a restore says so, and leaves none open that would be in the way", async () => {
  const { tenant } = await platform.createTenant("restored");
  const settings = backupSettings({ CLARITY_SCRATCH_DIR: folder() });
  const input = { slug: tenant.slug, to: new Date() };
  await noArchive(restoreToInstant({ ctx: platform.operator, settings, input }));
  const open = await platform.operator.registry.sql`select from restores where tenant_id = ${tenant.id}`;
  expect(open).toHaveLength(0);
});
