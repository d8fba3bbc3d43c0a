import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TenantUnknown } from "../../tenant/errors.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { deleteTenantNow } from "./delete-tenant-now.ts";
import { TooLateToRestore } from "./errors.ts";
import { restoreTenant } from "./restore-tenant.ts";
import type { DeleteChildInput } from "./testing/delete-child.ts";
import { expectGone } from "./testing/expect-gone.ts";

let platform: TestPlatform;
/** Most of a child's life would be stripping types. */
const compileCache = temporaryFolders()();
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());

const restore = (slug: string) => restoreTenant({ ctx: platform.operator, input: { slug } });
const destroy = (slug: string) => deleteTenantNow({ ctx: platform.operator, input: { slug } });

describe("killed with -9", () => {
  async function deleteInChild(input: Omit<DeleteChildInput, "address">): Promise<NodeJS.Signals | number> {
    const script = fileURLToPath(new URL("./testing/delete-child.ts", import.meta.url));
    const argument = JSON.stringify({ address: platform.address, ...input });
    const child = spawn(process.execPath, [script, argument], {
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
      stdio: ["ignore", "inherit", "inherit"],
    });
    const [code, signal] = await once(child, "exit");
    return signal ?? code;
  }

  test("before the destruction begins, restore brings the tenant back whole", async () => {
    const { tenant } = await platform.createTenant("back");
    for (const dieBefore of ["requestDeletion", "closeDatabase", "takeStock"]) {
      expect(await deleteInChild({ slug: "back", dieBefore })).toBe("SIGKILL");
      await restore("back");
      const { db } = await platform.operator.tenants.open(tenant.id);
      await expect(db.query`select tenant_id from pay.users`).resolves.toHaveLength(1);
    }
  });

  test("before each step after that, there is no way back and the next run goes on", async () => {
    const tenant = await platform.createTenant("gone");
    for (const dieBefore of ["dropDatabase", "dropRole", "destroyKey", "certify", "done"]) {
      expect(await deleteInChild({ slug: "gone", dieBefore })).toBe("SIGKILL");
      const refusal = await restore("gone").catch((error: Error) => error.constructor);
      expect(refusal).toBe(["certify", "done"].includes(dieBefore) ? TenantUnknown : TooLateToRestore);
    }
    await expectGone({ ctx: platform.operator, tenant, destroyed: await destroy("gone") });
    const { sql } = platform.operator.registry;
    const begun = sql`
      select from operator_audit where tenant_id = ${tenant.tenant.id} and action = 'tenant.destroy'`;
    expect(await begun).toHaveLength(1);
    const finished = sql`select from deletion_steps where tenant_id = ${tenant.tenant.id}`;
    expect(await finished).toHaveLength(6);
  });

  test("with the certificate missing and the name given again, the next run ends what it began and nothing else", async () => {
    const first = await platform.createTenant("again");
    expect(await deleteInChild({ slug: "again", dieBefore: "certify" })).toBe("SIGKILL");
    const second = await platform.createTenant("again");
    const destroyed = await destroy("again");
    await expectGone({ ctx: platform.operator, tenant: first, destroyed });
    const { db } = await platform.operator.tenants.open(second.tenant.id);
    await expect(db.query`select tenant_id from pay.users`).resolves.toHaveLength(1);
    // The next wish is meant for the tenant there is.
    await expectGone({ ctx: platform.operator, tenant: second, destroyed: await destroy("again") });
  });
});
