import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openMasterKey } from "../../crypto/open-master-key.ts";
import { startKmsStandIn } from "../../crypto/testing/kms-stand-in.ts";
import { openPlatformKeys } from "../../registry/platform-key.ts";
import { openRegistry } from "../../registry/registry.ts";
import { openTenants } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { deleteTenantNow } from "../deletion/delete-tenant-now.ts";
import { requestDeletion } from "../deletion/request-deletion.ts";
import { restoreTenant } from "../deletion/restore-tenant.ts";
import { type Operator, openOperator } from "../operator.ts";
import { rotateDataKeys } from "./rotate-data-key.ts";
import { retireMasterKeys, rotateMasterKey } from "./rotate-master-key.ts";
import type { RotateChildInput } from "./testing/rotate-child.ts";

const log = pino({ level: "silent" });
const compileCache = temporaryFolders()();
let platform: TestPlatform;
let ctx: Operator;
beforeEach(async () => {
  platform = await testPlatform();
  ctx = platform.operator;
});
afterEach(() => platform.close());

const retire = () => retireMasterKeys({ ctx, input: { minimumAgeMs: 0 } });

/** As a process started now: no key in memory. */
async function readFresh(address = platform.address): Promise<string[]> {
  const operator = openOperator({ address, operator: "fresh", log });
  try {
    await openPlatformKeys(operator.registry);
    const secrets: string[] = [];
    for (const { id } of await operator.registry.list()) {
      secrets.push(await (await operator.tenants.open(id)).settings.get("provider.secretKey"));
    }
    return secrets;
  } finally {
    await operator.close();
  }
}

async function withSecret(slug: string) {
  const open = await platform.createTenant(slug);
  await open.settings.set("provider.secretKey", slug);
  return open;
}

test("every data key is wrapped anew while a running server serves on; then the old key can go", async () => {
  const open = await withSecret("acme");
  await withSecret("globex");
  await openPlatformKeys(ctx.registry);
  const { masterKeyFile, registryUrl } = platform.address;
  const masterKey = openMasterKey({ masterKeyFile });
  const registry = openRegistry({ url: registryUrl, masterKey });
  const running = openTenants({ registry, log });
  const serve = async (id: string) => (await running.open(id)).settings.get("provider.secretKey");
  await serve(open.tenant.id);

  // A data key's rotation that stands still half-way has two keys.
  await rotateDataKeys({
    ctx,
    input: { slugs: ["globex"], settleMs: 0 },
    onStep: (step) => {
      if (step === "swap") throw new Error("stopped");
    },
  });
  expect(await rotateMasterKey({ ctx })).toEqual({
    keys: [`${masterKeyFile}.2`, masterKeyFile],
    rewrapped: 4,
  });
  expect(await serve(open.tenant.id)).toBe("acme");
  expect(await rotateMasterKey({ ctx })).toMatchObject({ rewrapped: 0 });
  await expect(retire()).resolves.toEqual([masterKeyFile]);
  const globex = await ctx.registry.findBySlug("globex");
  // Not seen by that server yet, so unwrapped by the key it had to find.
  expect(await serve(globex?.id ?? "")).toBe("globex");
  expect(await readFresh()).toEqual(["acme", "globex"]);
  expect(await rotateDataKeys({ ctx, input: { slugs: ["globex"], settleMs: 0 } })).toMatchObject([
    { to: 2, error: null },
  ]);
  await Promise.all([running.close(), registry.close()]);
  const audited = await ctx.registry.sql`
    select action, detail from operator_audit where action like 'master_key.%' order by id`;
  expect(audited).toEqual([
    { action: "master_key.rotate", detail: {} },
    { action: "master_key.rewrap", detail: { keys: 4 } },
    { action: "master_key.rotate", detail: {} },
    { action: "master_key.retire", detail: {} },
  ]);
});

test("an old key is not retired while anything needs it, nor before the new one is a minute old", async () => {
  await withSecret("acme");
  await rotateMasterKey({ ctx, input: { prepareOnly: true } });
  await expect(retireMasterKeys({ ctx })).rejects.toThrow("younger than 60 s");
  await expect(retire()).rejects.toThrow("1 data keys still need an older master key");
  expect(existsSync(platform.address.masterKeyFile)).toBe(true);
  // What is made from now on is the new key's.
  await withSecret("later");
  expect(await rotateMasterKey({ ctx })).toMatchObject({ rewrapped: 1 });
  await retire();
  expect(await readFresh()).toEqual(["acme", "later"]);
});

test("a rotation that begins while another operator retires loses no key", async () => {
  await withSecret("acme");
  await rotateMasterKey({ ctx });
  const { masterKeyFile } = platform.address;
  const retired = async () => {
    await expect(retire()).resolves.toEqual([masterKeyFile]);
    await rotateMasterKey({ ctx, input: { prepareOnly: true } });
  };
  const removed = await retireMasterKeys({
    ctx,
    input: { minimumAgeMs: 0 },
    onStep: (step) => (step === "retire" ? retired() : undefined),
  });
  expect(removed).toEqual([]);
  expect(await readFresh()).toEqual(["acme"]);
});

test("a tenant in its grace period is wrapped anew and can come back; a certificate names the bytes that went", async () => {
  const acme = await withSecret("acme");
  await withSecret("gone");
  for (const slug of ["acme", "gone"]) await requestDeletion({ ctx, input: { slug } });
  expect(await rotateMasterKey({ ctx })).toMatchObject({ rewrapped: 2 });
  const gone = await ctx.registry.findBySlug("gone");
  const { certificate } = await deleteTenantNow({ ctx, input: { slug: "gone" } });
  expect(certificate.destroyed.wrappedDataKeySha256).toBe(
    createHash("sha256")
      .update(gone?.dataKey.wrapped ?? "")
      .digest("hex"),
  );
  await retire();
  await restoreTenant({ ctx, input: { slug: "acme" } });
  expect(acme.tenant.slug).toBe("acme");
  expect(await readFresh()).toEqual(["acme"]);
});

test("a destruction under way needs no key: its wrapped key is left as the certificate will name it", async () => {
  await withSecret("acme");
  const { dataKey, id } = await requestDeletion({ ctx, input: { slug: "acme" } }).then(
    async () => (await ctx.registry.findBySlug("acme")) ?? Promise.reject(new Error("gone")),
  );
  await ctx.registry.sql`
    update deletions set destroying_at = now(), destroyed_by = 'test', row_counts = '{}' where tenant_id = ${id}`;
  expect(await rotateMasterKey({ ctx })).toMatchObject({ rewrapped: 0 });
  await retire();
  const after = await ctx.registry.findBySlug("acme");
  expect(after?.dataKey.wrapped).toEqual(dataKey.wrapped);
});

test("from a file to AWS KMS: rotate moves every key over, retire removes the file", async () => {
  const kms = await startKmsStandIn();
  for (const [name, value] of Object.entries(kms.environment)) vi.stubEnv(name, value);
  await withSecret("acme");
  const address = { ...platform.address, masterKey: `aws-kms:${kms.createKey()}` };
  const operator = openOperator({ address, operator: "kms", log });
  expect(await rotateMasterKey({ ctx: operator })).toMatchObject({ rewrapped: 1 });
  await expect(retireMasterKeys({ ctx: operator, input: {} })).resolves.toEqual([address.masterKeyFile]);
  await operator.close();
  expect(await readFresh(address)).toEqual(["acme"]);
  vi.unstubAllEnvs();
  await kms.close();
});

describe("killed with -9", () => {
  async function rotateInChild(dieBefore: string) {
    const script = fileURLToPath(new URL("./testing/rotate-child.ts", import.meta.url));
    const input: RotateChildInput = { address: platform.address, slug: null, dieBefore };
    const child = spawn(process.execPath, [script, JSON.stringify(input)], {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    });
    const [, signal] = await once(child, "exit");
    return signal;
  }

  test.each(["renew", "rewrap", "done", "check", "retire", "retired"])(
    "before %s: everything opens, and the second run ends it with one key",
    async (step) => {
      await withSecret("acme");
      expect(await rotateInChild(step)).toBe("SIGKILL");
      expect(await readFresh()).toEqual(["acme"]);
      await rotateMasterKey({ ctx });
      await retire();
      expect(await readFresh()).toEqual(["acme"]);
      const keys = await openMasterKey(platform.address).keys();
      const newest = `${platform.address.masterKeyFile}.${step === "retired" ? 3 : 2}`;
      expect(keys.map(({ name }) => name)).toEqual([newest]);
    },
  );
});
