import { copyFileSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileMasterKey, makeFileMasterKey } from "../../crypto/master-key.ts";
import { masterKeyFit } from "../../registry/master-key-fits.ts";
import { openPlatformKeys } from "../../registry/platform-key.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { names } from "../names.ts";
import { type Operator, openOperator } from "../operator.ts";
import type { PlatformAddress } from "../platform-address.ts";
import { createTenant } from "../provisioning/create-tenant.ts";
import { preparePlatform } from "../provisioning/prepare-platform.ts";
import { initMasterKey } from "./make-master-key.ts";
import { rotateDataKeys } from "./rotate-data-key.ts";
import { rotateMasterKey } from "./rotate-master-key.ts";

const folder = temporaryFolders();
let platform: TestPlatform;
const operators: Operator[] = [];
beforeEach(async () => {
  platform = await testPlatform();
});
afterEach(async () => {
  await Promise.all(operators.splice(0).map((operator) => operator.close()));
  await platform.close();
});

/** The platform as a host sees it whose key folder is empty, or holds a key of its own. */
function host(key: "none" | "stray"): Operator & { address: PlatformAddress } {
  const masterKeyFile = join(folder(), "keys", "master.key");
  if (key === "stray") makeFileMasterKey(masterKeyFile);
  const address = { ...platform.address, masterKeyFile };
  const operator = openOperator({ address, operator: "elsewhere", log: pino({ level: "silent" }) });
  operators.push(operator);
  return operator;
}

const newTenant = (slug: string) => ({
  slug,
  name: slug,
  template: "basic-invoice" as const,
  adminEmail: `a@${slug}.test`,
});
const create = (ctx: Operator, slug = "late") => createTenant({ ctx, input: newTenant(slug) });
const fit = ({ registry }: Operator) => masterKeyFit(registry);

test("a first preparation makes the key by itself, in a folder of mode 0700; nothing else does", async () => {
  const { masterKeyFile } = platform.address;
  expect(statSync(masterKeyFile).mode & 0o777).toBe(0o600);
  await expect(fit(platform.operator)).resolves.toBe("unused");
  const bare = host("none");
  await expect(fit(bare)).resolves.toBe("unused");
  await expect(create(bare)).rejects.toThrow(`there is no master key at ${bare.address.masterKeyFile}`);
  expect(existsSync(bare.address.masterKeyFile)).toBe(false);
  await preparePlatform(bare.address);
  expect(statSync(dirname(bare.address.masterKeyFile)).mode & 0o777).toBe(0o700);
});

const refusals: Record<string, (ctx: Operator) => Promise<unknown>> = {
  "tenant create": (ctx) => create(ctx),
  "tenant create of one that is there, with another name": (ctx) => create(ctx, "another"),
  "the platform's own key": (ctx) => openPlatformKeys(ctx.registry),
  "preparing again": (ctx) => preparePlatform(ctx.address),
  "master-key init": (ctx) => initMasterKey({ ctx }),
  "master-key rotate": (ctx) => rotateMasterKey({ ctx }),
  "key rotate": async (ctx) => {
    const [rotated] = await rotateDataKeys({ ctx, input: { slugs: ["acme"], settleMs: 0 } });
    if (rotated?.error) throw new Error(rotated.error);
  },
};
test.each(Object.keys(refusals))(
  "%s under no key, or under a stray one, is refused and leaves nothing",
  async (what) => {
    await platform.createTenant("acme");
    const before = await everything();
    for (const key of ["none", "stray"] as const) {
      const ctx = host(key);
      await expect(fit(ctx)).resolves.toBe(key === "none" ? "missing" : "wrong");
      await expect(refusals[what]?.(ctx)).rejects.toThrow(/master key/);
      expect(existsSync(ctx.address.masterKeyFile)).toBe(key === "stray");
      expect(existsSync(`${ctx.address.masterKeyFile}.2`)).toBe(false);
    }
    expect(await everything()).toEqual(before);
  },
);

/** What the registry and the server hold, of tenants. */
async function everything() {
  const { admin, registry } = platform.operator;
  const tenants = await registry.sql`
    select id, data_key, data_key_version, other_data_key, updated_at from tenants order by id`;
  const keys = await registry.sql`select data_key from platform_key`;
  const databases = await admin`
    select datname as name from pg_database where starts_with(datname, ${platform.address.namespace}) order by 1`;
  return { tenants, keys, databases };
}

test("one that is put back fits again, in a process that was started without it too", async () => {
  await platform.createTenant("acme");
  const ctx = host("none");
  await expect(fit(ctx)).resolves.toBe("missing");
  await expect(fit(host("stray"))).resolves.toBe("wrong");
  mkdirSync(dirname(ctx.address.masterKeyFile));
  copyFileSync(platform.address.masterKeyFile, ctx.address.masterKeyFile);
  await expect(fit(ctx)).resolves.toBe("fits");
  await expect(create(ctx)).resolves.toMatchObject({ created: true });
});

test("of many tenants one that opens is enough, however old it is", async () => {
  const ctx = platform.operator;
  await platform.createTenant("acme");
  await ctx.registry.sql`
    insert into tenants (id, slug, name, template, database_name, login_role, connection_secret,
      connection_key_version, data_key, data_key_version, schema_version, created_at)
    select gen_random_uuid(), 't' || n, 't', 't', 'd' || n, 'r' || n, '', 1, '\\x00', 1, 1, now() + interval '1 day'
    from generate_series(1, 120) n`;
  await expect(fit(ctx)).resolves.toBe("fits");
  await expect(fit(host("stray"))).resolves.toBe("wrong");
  await ctx.registry.sql`delete from tenants where slug = 'acme'`;
  await expect(fit(ctx)).resolves.toBe("wrong");
});

test("master-key init makes a key once, and for a platform that knows no tenant", async () => {
  const ctx = host("none");
  await expect(initMasterKey({ ctx })).resolves.toEqual({ file: ctx.address.masterKeyFile });
  await expect(initMasterKey({ ctx })).rejects.toThrow("already");
  await expect(create(ctx)).resolves.toMatchObject({ created: true });
  const audited = await ctx.registry.sql`select action from operator_audit where action like 'master_key.%'`;
  expect(audited).toEqual([{ action: "master_key.init" }]);
});

test("before anything was prepared it asks the server, and takes no registry's absence for a new platform", async () => {
  const masterKeyFile = join(folder(), "master.key");
  const url = new URL(platform.address.registryUrl);
  url.pathname = "/x_registry";
  const address = { ...platform.address, namespace: "x", registryUrl: url.href, masterKeyFile };
  const ctx = openOperator({ address, operator: "elsewhere", log: pino({ level: "silent" }) });
  operators.push(ctx);
  await expect(initMasterKey({ ctx })).resolves.toEqual({ file: masterKeyFile });
  await expect(fileMasterKey(masterKeyFile).keys()).resolves.toHaveLength(1);
});

test("a registry that is gone beside its tenants' databases is not made anew", async () => {
  await platform.createTenant("acme");
  const { admin } = platform.operator;
  const name = names.registry(platform.address.namespace);
  await admin.unsafe(`alter database "${name}" rename to "${name}_kept"`).catch(async () => {
    await admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${name}`;
    await admin.unsafe(`alter database "${name}" rename to "${name}_kept"`);
  });
  const words = /registry of namespace .* is gone, and 1 tenants' databases are there/;
  const { registryUrl: _, ...anew } = platform.address;
  await expect(preparePlatform(anew)).rejects.toThrow(words);
  await expect(preparePlatform(platform.address)).rejects.toThrow(words);
  await expect(initMasterKey({ ctx: host("none") })).rejects.toThrow(words);
  await admin.unsafe(`alter database "${name}_kept" rename to "${name}"`);
  await expect(preparePlatform(platform.address)).resolves.toEqual(platform.address);
});

test("a registry's URL and a namespace that are two platforms' make no third", async () => {
  const other = { ...platform.address, namespace: "other" };
  await expect(preparePlatform(other)).rejects.toThrow(/CLARITY_REGISTRY_URL and CLARITY_NAMESPACE/);
  const made = await platform.operator.admin`select from pg_database where datname = 'other_registry'`;
  expect(made).toHaveLength(0);
});

test("the platform's key is not made anew beside what the former one sealed", async () => {
  const { registry } = platform.operator;
  await openPlatformKeys(registry);
  await registry.sql`
    insert into database_servers (name, host, port, admin_secret, admin_key_version) values ('two', 'h', 1, '', 1)`;
  await registry.sql`delete from platform_key`;
  await expect(openPlatformKeys(registry)).rejects.toThrow(/platform's key is gone .* administrators of two/);
  await registry.sql`delete from database_servers`;
  await expect(openPlatformKeys(registry)).resolves.toBeDefined();
});
