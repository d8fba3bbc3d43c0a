import { spawn } from "node:child_process";
import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { SignJWT } from "jose";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createContextFactory } from "../../context/context-factory.ts";
import { KeyVersionUnknown, openTenantKeys } from "../../crypto/tenant-keys.ts";
import { createServer, type Server } from "../../http/create-server.ts";
import { type TestServer, type TestTenant, testServer } from "../../http/testing/test-server.ts";
import { openRegistry } from "../../registry/registry.ts";
import { loadTenant } from "../../registry/tenant-record.ts";
import { findEmbedKey } from "../../sessions/embed-keys.ts";
import { createSettings } from "../../tenant/settings-store.ts";
import { type OpenTenant, openTenants, type Tenants } from "../../tenant/tenants.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { diagnose } from "../doctor/diagnose.ts";
import { suspendTenant } from "../provisioning/change-status.ts";
import { rotateAllDataKeys } from "./rotate-all-data-keys.ts";
import { rotateDataKeys } from "./rotate-data-key.ts";
import { sealedColumns } from "./sealed-columns.ts";
import type { RotateChildInput } from "./testing/rotate-child.ts";

const edgeKey = { alg: "HS256", key: createSecretKey(randomBytes(32)) } as const;
const log = pino({ level: "silent" });
const compileCache = temporaryFolders()();
let line: TestServer;
beforeAll(async () => {
  line = await testServer({ edgeKey });
});
afterAll(() => line.close());

const rotate = (slugs: string[], settleMs = 0) =>
  rotateDataKeys({ ctx: line.platform.operator, input: { slugs, settleMs } });
const recordOf = async (id: string) => {
  const record = await loadTenant(line.platform.operator.registry.sql, { id });
  if (!record) throw new Error("gone");
  return record;
};

/** Versions under which anything of the tenant is sealed, its database and the registry's row together. */
async function versionsIn({ db, tenant }: OpenTenant): Promise<number[]> {
  const rows = await db.query<{ tenant_id: string; key_version: number }>`
    select tenant_id, key_version from pay.settings where key_version is not null
    union select tenant_id, key_version from pay.embed_keys where key_version is not null`;
  const { database } = await recordOf(tenant.id);
  return [...new Set([...rows.map((row) => row.key_version), database.password.keyVersion])].sort();
}

async function expectRotated(tenant: TestTenant, version: number): Promise<void> {
  const { open } = tenant;
  const record = await recordOf(open.tenant.id);
  expect(record.dataKey.version).toBe(version);
  expect(record.otherDataKey).toBeNull();
  expect(await versionsIn(await line.platform.operator.tenants.open(open.tenant.id))).toEqual([version]);
  const now = await line.platform.operator.tenants.open(open.tenant.id);
  await expect(now.settings.get("provider.secretKey")).resolves.toBe("sk");
  await expect(findEmbedKey({ ...now, id: tenant.keyId })).resolves.toMatchObject({ id: tenant.keyId });
}

test("every column that holds ciphertext is in the list, or a rotation would lose what is in it", async () => {
  const { open } = await line.createTenant("columns");
  const rows = await open.db.query<{ tenant_id: string; name: string }>`
    select ${open.tenant.id}::uuid as tenant_id, table_name || '.' || column_name as name
    from information_schema.columns
    where table_schema = 'pay' and column_name ~ '(^|_)ciphertext$' order by 2`;
  const listed = sealedColumns.map(({ table, ciphertext }) => `${table}.${ciphertext}`).sort();
  expect(rows.map(({ name }) => name)).toEqual(listed);
});

test("everything is sealed under the new key, the old one is gone, and both audit logs say so", async () => {
  const tenant = await line.createTenant("plain");
  const { open } = tenant;
  const before = await recordOf(open.tenant.id);
  const [answer] = await rotate(["plain"]);
  expect(answer).toEqual({ slug: "plain", from: 1, to: 2, resealed: 4, error: null });
  await expectRotated(tenant, 2);

  const { registry } = line.platform.operator;
  const [row] = await open.db.query<{ tenant_id: string; ciphertext: Uint8Array; key_version: number }>`
    select tenant_id, ciphertext, key_version from pay.settings where key = 'provider.secretKey'`;
  const sealed = { ciphertext: row?.ciphertext ?? new Uint8Array(), keyVersion: row?.key_version ?? 0 };
  const old = await openTenantKeys({ ...before, tenantId: before.id, masterKey: registry.masterKey });
  expect(() => old.open("setting:provider.secretKey", sealed)).toThrow(KeyVersionUnknown);

  const operators = await registry.sql`
    select operator, action, detail from operator_audit
    where tenant_id = ${open.tenant.id} and action like 'data_key.%' order by id`;
  expect(operators).toEqual([
    { operator: "operator:test", action: "data_key.stage", detail: { version: 2 } },
    { operator: "operator:test", action: "data_key.swap", detail: { version: 2 } },
    { operator: "operator:test", action: "data_key.drop", detail: { version: 1 } },
  ]);
  const own = await open.db.query`
    select tenant_id, actor, subject from pay.audit_log where action = 'data_key.rotate'`;
  expect(own).toEqual([{ tenant_id: open.tenant.id, actor: "operator:test", subject: "2" }]);
  expect(await rotate(["plain"])).toMatchObject([{ from: 2, to: 3, error: null }]);
  await expectRotated(tenant, 3);
});

test("two at once end in one new key; all means active and suspended ones; others say why not", async () => {
  const twice = await line.createTenant("twice");
  const [one, two] = await Promise.all([rotate(["twice"]), rotate(["twice"])]);
  expect([one[0]?.error, two[0]?.error]).toEqual([null, null]);
  await expectRotated(twice, 2);
  await suspendTenant({ ctx: line.platform.operator, input: { slug: "columns" } });
  const input = { reason: "a laptop was lost", settleMs: 0 };
  const all = await rotateAllDataKeys({ ctx: line.platform.operator, input });
  expect(all.map(({ slug, error }) => [slug, error])).toEqual([
    ["columns", null],
    ["plain", null],
    ["twice", null],
  ]);
  expect(await rotate(["nobody"])).toMatchObject([{ to: null, error: "no tenant nobody" }]);

  // Its audit log cannot be told who comes.
  const { admin } = line.platform.operator;
  const database = twice.open.record.database.name;
  await admin.unsafe(`alter database "${database}" with allow_connections false`);
  await admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${database}`;
  const some = await rotateAllDataKeys({ ctx: line.platform.operator, input });
  await admin.unsafe(`alter database "${database}" with allow_connections true`);
  expect(some.filter(({ error }) => error !== null)).toMatchObject([{ slug: "twice", to: null }]);
  expect((await recordOf(twice.open.tenant.id)).otherDataKey).toBeNull();
});

test("a secret no key opens stops the rotation: the old key stays, and setting it again lets it end", async () => {
  const tenant = await line.createTenant("damaged");
  const { open } = tenant;
  await open.settings.set("smtp.password", "p");
  await open.db.query`
    update pay.settings set ciphertext = '\\x00' where key = 'smtp.password' returning tenant_id`;
  const [stopped] = await rotate(["damaged"]);
  expect(stopped?.error).toContain("setting:smtp.password");
  expect((await recordOf(open.tenant.id)).otherDataKey).toMatchObject({ version: 1 });
  const now = await line.platform.operator.tenants.open(open.tenant.id);
  await now.settings.set("smtp.password", "p");
  expect(await rotate(["damaged"])).toMatchObject([{ to: 2, error: null }]);
  await expectRotated(tenant, 2);
});

describe("a process that has not heard of the rotation", () => {
  test("opens what was sealed anew, and does not seal under the old key", async () => {
    const { open, keyId } = await line.createTenant("deaf");
    // Held from before, as by a long request.
    const held = {
      ...open,
      settings: createSettings({ db: open.db, keys: open.keys, actor: { kind: "operator", name: "late" } }),
    };
    await expect(held.settings.get("provider.secretKey")).resolves.toBe("sk");
    await rotate(["deaf"]);
    expect(await findEmbedKey({ ...held, id: keyId })).toMatchObject({ id: keyId });
    await held.settings.set("smtp.password", "late");
    expect(await versionsIn(open)).toEqual([2]);
    await rotate(["deaf"]);
    const late = createSettings({ db: open.db, keys: open.keys, actor: { kind: "operator", name: "late" } });
    await expect(late.get("smtp.password")).resolves.toBe("late");
  });

  test("a key version nobody ever had is damage, said after one look at the registry", async () => {
    const { open } = await line.createTenant("odd");
    await open.db
      .query`update pay.settings set key_version = 99 where key = 'provider.secretKey' returning tenant_id`;
    const settings = createSettings({
      db: open.db,
      keys: open.keys,
      actor: { kind: "operator", name: "test" },
    });
    await expect(settings.get("provider.secretKey")).rejects.toBeInstanceOf(KeyVersionUnknown);
  });
});

describe("killed with -9", () => {
  async function rotateInChild(input: Omit<RotateChildInput, "address">) {
    const script = fileURLToPath(new URL("./testing/rotate-child.ts", import.meta.url));
    const argument = JSON.stringify({ address: line.platform.address, ...input });
    const child = spawn(process.execPath, [script, argument], {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
    });
    const [, signal] = await once(child, "exit");
    return signal;
  }

  test.each(["stage", "settle", "swap", "floor", "reseal", "drop", "done"])(
    "before %s: served all the while, and the second run ends it",
    async (step) => {
      const slug = `killed-${step}`;
      const tenant = await line.createTenant(slug);
      expect(await rotateInChild({ slug, dieBefore: step })).toBe("SIGKILL");
      const between = await line.platform.operator.tenants.open(tenant.open.tenant.id);
      await expect(between.settings.get("provider.secretKey")).resolves.toBe("sk");
      await between.settings.set("smtp.password", step);
      const found = await diagnose({ ctx: line.platform.operator });
      const { ok, advice } = found.find(({ what }) => what.startsWith(`${slug}:`)) ?? {};
      expect(ok).toBe(true);
      const goesOn = `the rotation of its key has not ended: clarity key rotate ${slug} goes on`;
      expect(advice).toBe(step === "stage" || step === "done" ? null : goesOn);
      await rotate([slug]);
      await expectRotated(tenant, step === "done" ? 3 : 2);
      const after = await line.platform.operator.tenants.open(tenant.open.tenant.id);
      await expect(after.settings.get("smtp.password")).resolves.toBe(step);
    },
  );
});

describe("under load", () => {
  interface Running {
    server: Server;
    tenants: Tenants;
    close(): Promise<void>;
  }

  /** A server process in small, with a registry of its own. */
  function startServer(tenant: TestTenant, cache: { watch: boolean; freshMs: number }): Running {
    const { address, operator } = line.platform;
    const { masterKey } = operator.registry;
    const { watch, freshMs } = cache;
    const registry = openRegistry({ url: address.registryUrl, masterKey, watch, cache: { freshMs } });
    const tenants = openTenants({ registry, log });
    const adapters = { provider: () => tenant.provider, connector: () => tenant.erp.connector };
    const makeContext = createContextFactory({ log, adapters });
    return {
      tenants,
      server: createServer({ registry, tenants, makeContext, edgeKey, log }),
      close: () => Promise.all([tenants.close(), registry.close()]).then(() => {}),
    };
  }

  async function openSession({ server }: Running, tenant: TestTenant): Promise<void> {
    const claims: Record<string, unknown> = {
      tenant: tenant.open.tenant.id,
      sub: null,
      inv: null,
      locale: null,
      origin: null,
      rid: "r",
      aud: "shared",
      scopes: ["session:open"],
    };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", typ: "internal+jwt" })
      .setIssuedAt()
      .setExpirationTime("30s")
      .sign(edgeKey.key);
    const body = JSON.stringify({ embedToken: await tenant.token({ jti: randomUUID() }), locales: ["en"] });
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const request = new Request("http://server/internal/v1/session", { method: "POST", body, headers });
    const answer = await server.fetch(request);
    if (answer.status !== 200) throw new Error(`session: ${await answer.text()}`);
  }

  test("sessions, reads and writes of secrets go on without one error, and no write is lost", async () => {
    const tenant = await line.createTenant("busy");
    const servers = [
      startServer(tenant, { watch: true, freshMs: 5_000 }),
      // As if the registry had been out of its reach while the key settled.
      startServer(tenant, { watch: false, freshMs: 3_600_000 }),
    ];
    const counts = { sessions: 0, reads: 0, writes: 0 };
    const errors: unknown[] = [];
    let running = true;
    const loop = async (work: () => Promise<unknown>) => {
      while (running) await work().catch((error) => errors.push(error));
    };
    const openOn = ({ tenants }: Running) => tenants.open(tenant.open.tenant.id);
    let written = "";
    const work = servers.flatMap((running, index) => [
      loop(async () => {
        await openSession(running, tenant);
        counts.sessions++;
      }),
      loop(async () => {
        const { db, keys } = await openOn(running);
        const read = await createSettings({ db, keys, actor: { kind: "operator", name: "load" } }).get(
          "provider.secretKey",
        );
        if (read !== "sk") throw new Error(`read ${read}`);
        counts.reads++;
      }),
      loop(async () => {
        if (index === 0) return void (await new Promise((resolve) => setTimeout(resolve, 20)));
        const next = randomUUID();
        await (await openOn(running)).settings.set("smtp.password", next);
        written = next;
        counts.writes++;
      }),
    ]);
    for (let version = 2; version <= 4; version++) {
      expect(await rotate(["busy"], 300)).toMatchObject([{ to: version, error: null }]);
    }
    running = false;
    await Promise.all(work);
    expect(errors).toEqual([]);
    expect(Math.min(counts.sessions, counts.reads, counts.writes)).toBeGreaterThan(20);
    await expectRotated(tenant, 4);
    const open = await line.platform.operator.tenants.open(tenant.open.tenant.id);
    await expect(open.settings.get("smtp.password")).resolves.toBe(written);
    await Promise.all(servers.map((running) => running.close()));
  });
});
