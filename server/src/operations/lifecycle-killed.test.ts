import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OpenTenant } from "../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { exportTenant } from "./export/export-tenant.ts";
import { withExport } from "./export/read-export.ts";
import { resumeTenant, suspendTenant } from "./provisioning/change-status.ts";
import type { LifecycleChildInput } from "./testing/lifecycle-child.ts";
import { paymentRows } from "./testing/lived-in-tenant.ts";

let platform: TestPlatform;
let acme: OpenTenant;
const folder = temporaryFolders();
/** Most of a child's life would be stripping types. */
const compileCache = folder();
beforeAll(async () => {
  platform = await testPlatform();
  acme = await platform.createTenant("acme");
  await paymentRows(acme);
});
afterAll(() => platform.close());

async function killed(input: Omit<LifecycleChildInput, "address" | "slug">): Promise<void> {
  const script = fileURLToPath(new URL("./testing/lifecycle-child.ts", import.meta.url));
  const argument: LifecycleChildInput = { address: platform.address, slug: "acme", ...input };
  const child = spawn(process.execPath, [script, JSON.stringify(argument)], {
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    stdio: ["ignore", "inherit", "inherit"],
  });
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
}

const audited = async (action: string) => {
  const rows = await platform.operator.registry.sql`
    select from operator_audit where tenant_id = ${acme.tenant.id} and action = ${action}`;
  return rows.length;
};
/** What a dead child sent may still be under way. */
const settled = () =>
  expect.poll(async () => {
    const [row] = await platform.operator.admin`
      select count(*)::int as n from pg_stat_activity
      where datname = ${new URL(platform.address.registryUrl).pathname.slice(1)} and state = 'active'`;
    return row?.n;
  });

test.each([0, 1, 3, 8])(
  "suspend and resume killed %i ms after they were sent: done and audited, or neither; again they converge",
  async (dieAfterMs) => {
    for (const [verb, action, status, run] of [
      ["suspend", "tenant.suspend", "suspended", suspendTenant],
      ["resume", "tenant.resume", "active", resumeTenant],
    ] as const) {
      const before = await audited(action);
      await killed({ verb, dieAfterMs });
      await settled().toBe(0);
      const record = await platform.operator.registry.findBySlug("acme");
      expect((await audited(action)) - before).toBe(record?.status === status ? 1 : 0);
      await run({ ctx: platform.operator, input: { slug: "acme" } });
      await expect(platform.operator.registry.findBySlug("acme")).resolves.toMatchObject({ status });
      expect((await audited(action)) - before).toBe(1);
    }
  },
);

test.each(["audit", "writeTables", "writeManifest", "anchor", "publish"])(
  "an export killed before %s leaves nothing that looks whole, and the next run is",
  async (dieBefore) => {
    const out = join(folder(), "export");
    await killed({ verb: "export", out, dieBefore });
    expect(existsSync(out)).toBe(false);
    const { manifest } = await exportTenant({ ctx: platform.operator, input: { slug: "acme", out } });
    expect(manifest.tables.find(({ table }) => table === "payments")?.rows).toBe(1);
    expect(readdirSync(join(out, ".."))).toEqual(["export"]);
  },
);

test("an export killed when it was published is whole", async () => {
  const out = join(folder(), "export");
  await killed({ verb: "export", out, dieBefore: "done" });
  await expect(withExport(out, async ({ manifest }) => manifest.tenant.slug)).resolves.toBe("acme");
});
