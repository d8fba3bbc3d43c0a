import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { migrateTenants } from "../fleet/migrate-tenants.ts";
import { SlugTaken } from "../provisioning/register-tenant.ts";
import { latestSchemaVersion } from "../schema.ts";
import { importTenant } from "./import-tenant.ts";
import { olderExport } from "./testing/older-export.ts";

let platform: TestPlatform;
/** An export of schema 6. */
let old: string;
const folder = temporaryFolders();
beforeAll(async () => {
  platform = await testPlatform();
  old = await olderExport(platform.operator, await platform.createTenant("older"), folder());
});
afterAll(() => platform.close());

test("a fleet that is migrated during an older import does not hide its rows from the migrations", async () => {
  const { operator: ctx } = platform;
  const { tenant } = await importTenant({
    ctx,
    input: { path: old, slug: "busy" },
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
  const stop = (step: string) => {
    if (step === "loadRows") throw new Error("stopped");
  };
  const input = { path: old, slug: "passed" };
  await expect(importTenant({ ctx, input, onStep: stop })).rejects.toThrow("stopped");
  // A fleet's run of older code took half made tenants along.
  await sql`update tenants set status = 'active' where slug = 'passed'`;
  await migrateTenants({ ctx, input: { slug: "passed" } });
  await sql`update tenants set status = 'creating', schema_version = 6 where slug = 'passed'`;
  const again = importTenant({ ctx, input });
  await expect(again).rejects.toBeInstanceOf(SlugTaken);
  await expect(again).rejects.toThrow(`half made at schema ${latestSchemaVersion()} and the export has 6`);
  await expect(again).rejects.toThrow("clarity tenant delete passed --now --confirm passed");
});
