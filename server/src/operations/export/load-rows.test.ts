import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { migrateTenants } from "../migration/migrate-tenants.ts";
import { createTenant } from "../provisioning/create-tenant.ts";
import { SlugTaken } from "../provisioning/register-tenant.ts";
import { waitForLock } from "../provisioning/testing/wait-for-lock.ts";
import { exportTenant } from "./export-tenant.ts";
import { importTenant } from "./import-tenant.ts";
import { olderExport } from "./testing/older-export.ts";

let platform: TestPlatform;
/** An export of schema 6. */
let old: string;
const folder = temporaryFolders();
beforeAll(async () => {
  platform = await testPlatform();
  const older = await platform.createTenant("older");
  // Create would write it.
  await older.db.query`delete from pay.settings where key = 'seller.locale' returning tenant_id`;
  old = await olderExport(platform.operator, older, folder());
});
afterAll(() => platform.close());

const stopBefore = (at: string) => (step: string) => {
  if (step === at) throw new Error("stopped");
};

test("a fleet that is migrated during an older import does not hide its rows from the migrations", async () => {
  const { operator: ctx } = platform;
  const { tenant } = await importTenant({
    ctx,
    input: { path: old, slug: "busy", confirmed: true },
    async onStep(step) {
      if (step === "loadRows") await migrateTenants({ ctx, input: { slug: "busy" } });
    },
  });
  const { flags } = await ctx.tenants.open(tenant.id);
  await expect(flags.list()).resolves.toMatchObject([{ key: "partial-payments", value: false }]);
});

test("a database that was migrated before its rows came is not filled, whatever the registry says of it", async () => {
  const { operator: ctx } = platform;
  const { sql } = ctx.registry;
  const input = { path: old, slug: "passed", confirmed: true };
  await expect(importTenant({ ctx, input, onStep: stopBefore("loadRows") })).rejects.toThrow("stopped");
  // A fleet's run of older code took half made tenants along.
  await sql`update tenants set status = 'active' where slug = 'passed'`;
  await migrateTenants({ ctx, input: { slug: "passed" } });
  await sql`update tenants set status = 'creating', schema_version = 6 where slug = 'passed'`;
  const again = importTenant({ ctx, input });
  await expect(again).rejects.toBeInstanceOf(SlugTaken);
  await expect(again).rejects.toThrow(`half made at schema ${latestSchemaVersion()} and the export has 6`);
  await expect(again).rejects.toThrow("clarity tenant delete passed --now --confirm passed");
});

/** What the export would have been created with. */
const asCreated = { name: "older Ltd", template: "basic-invoice", adminEmail: "admin@older.test" } as const;

test("an older import that has no rows yet is ended by create at this code's schema", async () => {
  const { operator: ctx } = platform;
  const input = { path: old, slug: "empty", confirmed: true };
  await expect(importTenant({ ctx, input, onStep: stopBefore("loadRows") })).rejects.toThrow("stopped");
  const { tenant } = await createTenant({ ctx, input: { ...asCreated, slug: "empty" } });
  await expect(ctx.tenants.open(tenant.id)).resolves.toMatchObject({
    record: { schemaVersion: latestSchemaVersion() },
  });
});

test("one whose rows are in is not ended by create, and no first rows come among them", async () => {
  const { operator: ctx } = platform;
  const input = { path: old, slug: "filled", confirmed: true };
  await expect(importTenant({ ctx, input, onStep: stopBefore("bringForward") })).rejects.toThrow("stopped");
  const creating = createTenant({ ctx, input: { ...asCreated, slug: "filled" } });
  await expect(creating).rejects.toBeInstanceOf(SlugTaken);
  await expect(creating).rejects.toThrow("half made with another origin");
  const { tenant, created } = await importTenant({ ctx, input });
  expect(created).toBe(true);
  const { db, flags } = await ctx.tenants.open(tenant.id);
  await expect(db.query`select tenant_id from pay.settings where key = 'seller.locale'`).resolves.toEqual([]);
  await expect(flags.list()).resolves.toMatchObject([{ key: "partial-payments", value: false }]);
});

test("who waited for another's import of the slug is told that it was there, or made of something else", async () => {
  const { operator: ctx } = platform;
  const [same, other] = ["same", "other"].map((name) => join(folder(), name)) as [string, string];
  await exportTenant({ ctx, input: { slug: "older", out: other } });
  cpSync(old, same, { recursive: true });
  const answers: Promise<unknown>[] = [];
  const input = { slug: "waited", name: "older Ltd" };
  const importing = { ...input, confirmed: true };
  await importTenant({
    ctx,
    input: { ...importing, path: old },
    async onStep(step) {
      if (step !== "createRole") return;
      const waiting: Promise<unknown>[] = [
        importTenant({ ctx, input: { ...importing, path: same } }),
        importTenant({ ctx, input: { ...importing, path: other } }),
        createTenant({ ctx, input: { ...asCreated, ...input } }),
      ];
      answers.push(...waiting.map((answer) => answer.catch((error: Error) => error)));
      await waitForLock(ctx, { slug: "waited", waiting: 3 });
    },
  });
  expect(await Promise.all(answers)).toMatchObject([
    { created: false },
    { name: "SlugTaken", message: expect.stringContaining("not made of this export") },
    { name: "SlugTaken", message: expect.stringContaining("made meanwhile with another origin") },
  ]);
});

test("an import that waited for a creation of the slug loads nothing into it", async () => {
  const { operator: ctx } = platform;
  let answer: Promise<unknown> = Promise.resolve();
  const { tenant } = await createTenant({
    ctx,
    input: { ...asCreated, slug: "first", adminEmail: "first@first.test" },
    async onStep(step) {
      if (step !== "createRole") return;
      answer = importTenant({ ctx, input: { path: old, slug: "first", confirmed: true } }).catch(
        (error: Error) => error,
      );
      await waitForLock(ctx, { slug: "first", waiting: 1 });
    },
  });
  expect(await answer).toMatchObject({ name: "SlugTaken" });
  const { db } = await ctx.tenants.open(tenant.id);
  await expect(db.query`select tenant_id, email from pay.users`).resolves.toMatchObject([
    { email: "first@first.test" },
  ]);
});
