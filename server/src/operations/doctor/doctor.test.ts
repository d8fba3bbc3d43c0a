import { chmodSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeWorkerUtils } from "graphile-worker";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFakeErp } from "../../connectors/fake.ts";
import { createContextFactory } from "../../context/context-factory.ts";
import { openWorkerLocks } from "../../outbox/worker-locks.ts";
import { FakeProvider } from "../../providers/fake.ts";
import { openRegistry, openRegistrySession } from "../../registry/registry.ts";
import { createLogger } from "../../telemetry/log.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { tcpProxy } from "../../testing/tcp-proxy.ts";
import { shipLogs } from "../audit/ship-logs.ts";
import { requestDeletion } from "../deletion/request-deletion.ts";
import { registryAsAdministrator } from "../platform-address.ts";
import { preparePlatform } from "../provisioning/prepare-platform.ts";
import { addDatabaseServer } from "../servers/database-servers.ts";
import { paymentRows } from "../testing/lived-in-tenant.ts";
import { diagnose } from "./diagnose.ts";

/** Each test makes one fault, sees that it and nothing else is found, and mends it. */
let platform: TestPlatform;
let acme: OpenTenant;
beforeAll(async () => {
  platform = await testPlatform();
  [acme] = [await platform.createTenant("acme"), await platform.createTenant("globex")];
});
afterAll(() => platform.close());

const sql = () => platform.operator.registry.sql;
const examine = (now?: Date) => diagnose({ ctx: platform.operator, ...(now && { now }) });
const findBad = async (now?: Date) => (await examine(now)).filter(({ ok }) => !ok);
const finding = (what: RegExp, advice: RegExp) => ({
  ok: false,
  what: expect.stringMatching(what),
  why: expect.stringMatching(/\w/),
  advice: expect.stringMatching(advice),
});
const change = (set: Record<string, unknown>) =>
  sql()`update tenants set ${sql()(set)}, updated_at = clock_timestamp() where slug = 'acme'`;

test("a healthy platform has nothing wrong, and each tenant is looked at", async () => {
  expect(await findBad()).toEqual([]);
  const said = (await examine()).map(({ what }) => what);
  for (const slug of ["acme", "globex"]) expect(said.join()).toContain(`${slug}: reachable`);
});

test("the registry's logs: servers could rewrite them again, or copies of them are behind", async () => {
  const { username: role } = new URL(platform.address.registryUrl);
  await platform.rewriteRegistry(
    `grant delete on audit_heads to ${role}; alter table moves owner to ${role}`,
  );
  expect(await findBad()).toEqual([
    finding(/^the role that servers log in as has rights over audit_heads, moves in the registry/, /migrate/),
  ]);
  await preparePlatform(platform.address);
  expect(await findBad()).toEqual([]);
  await platform.rewriteRegistry(`
    insert into log_shipments (log, up_to) select 'operator_audit', max(id) - 1 from operator_audit;
    begin; set local session_replication_role = replica;
    update operator_audit set at = at - interval '11 minutes' where id = (select max(id) from operator_audit); commit`);
  expect(await findBad()).toEqual([
    finding(
      /^the operators' log: rows of more than 10 minutes ago have not been shipped/,
      /CLARITY_AUDIT_COPY_URL/,
    ),
  ]);
  await shipLogs({ registry: sql(), sink: async () => {} });
  expect(await findBad()).toEqual([]);
});

test("asked to, it tries each tenant's ERP: what its connector finds is said with the tenant's name and what to do", async () => {
  const erp = createFakeErp();
  const log = createLogger({ name: "test", level: "silent" });
  const makeContext = createContextFactory({
    log,
    adapters: { provider: () => new FakeProvider(), connector: () => erp.connector },
  });
  await acme.settings.set("connector", {
    ...({ id: "netsuite", baseUrl: "https://erp.test", algorithm: "ES256", concurrency: 3 } as const),
    ...{ clientId: "c", certificateId: "c", depositAccountId: "1" },
  });
  await acme.settings.set("connector.secret", "pem");
  const tried = () => diagnose({ ctx: platform.operator, erp: makeContext });
  const said = (await tried()).map(({ what }) => what);
  expect(said).toContain("acme, its ERP: the ERP answers");
  expect(said).toContain("globex, its ERP: none is set up");
  expect((await examine()).map(({ what }) => what).join()).not.toContain("its ERP");
  erp.fail("unavailable", "read");
  expect((await tried()).filter(({ ok }) => !ok)).toEqual([
    finding(/^acme, its ERP: the ERP is down/, /wait/),
  ]);
  await acme.settings.set("connector", null);
});

test("of a registry that is read-only it says so, and looks at everything else all the same", async () => {
  const looks = async () =>
    (await sql()`select operator from operator_audit where detail ->> 'verb' = 'doctor'`).length;
  const [said, before] = [await examine(), await looks()];
  expect(before).toBeGreaterThan(0);
  // As on a standby: each of its sessions is.
  const { registry, address } = platform.operator;
  const route = { ...registryAsAdministrator(address), default_transaction_read_only: "on" };
  const readOnly = openRegistry({
    url: address.registryUrl,
    masterKey: registry.masterKey,
    watch: false,
    route,
  });
  const there = await diagnose({ ctx: { ...platform.operator, registry: readOnly } });
  expect(there.filter(({ ok }) => !ok)).toEqual([
    finding(/^the registry is written to: no, .*read-only/, /standby/),
  ]);
  expect(there.length).toBe(said.length);
  expect(await looks()).toBe(before);
  await readOnly.close();
  expect(await findBad()).toEqual([]);
});

test.each<[string, Record<string, unknown>, Record<string, unknown>, RegExp, RegExp]>([
  [
    "stopped creating",
    { status: "creating" },
    { status: "active" },
    /^acme: its creation/,
    /tenant create again/,
  ],
  ["is behind", { schema_version: 0 }, {}, /^acme: .* at schema 0/, /clarity migrate/],
  ["is ahead", { contract_version: 9999 }, { contract_version: 0 }, /^acme: .* this code knows/, /newer/],
  [
    "is parked",
    { parked_at: new Date(), parked_reason: "0009.sql: no" },
    { parked_at: null, parked_reason: null },
    /^acme: parked at schema \d+: 0009.sql: no/,
    /migrate retry acme/,
  ],
  [
    "has a pin that ended",
    { pinned_version: "1.2.0", pin_reason: "freeze", pin_until: new Date(Date.now() - 1_000) },
    { pinned_version: null, pin_reason: null, pin_until: null },
    /^acme: pinned to version 1.2.0 until .* \(freeze\), which is over/,
    /unpin/,
  ],
])("a tenant that %s is named, with what to do", async (_, fault, cure, what, advice) => {
  const { schemaVersion } = acme.record;
  await change(fault);
  expect(await findBad()).toEqual([finding(what, advice)]);
  await change({ schema_version: schemaVersion, ...cure });
  expect(await findBad()).toEqual([]);
});

test("a pin that ends within a week is noted, and is no fault", async () => {
  await change({
    pinned_version: "1.2.0",
    pin_reason: "freeze",
    pin_until: new Date(Date.now() + 86_400_000),
  });
  const found = (await examine()).find(({ what }) => what.startsWith("acme: pinned"));
  expect(found).toMatchObject({ ok: true, advice: expect.stringContaining("tell") });
  await change({ pinned_version: null, pin_reason: null, pin_until: null });
});

test("a pinned tenant whose instance runs another version is named, with what to do", async () => {
  const own = "https://acme.instances.test";
  const lives = (version: string) => sql()`
    insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
    values (gen_random_uuid(), ${own}, ${version}, 1, 1, now(), now())`;
  const pinUntil = new Date(Date.now() + 30 * 86_400_000);
  await change({ upstream: own, pinned_version: "1.4.0", pin_reason: "freeze", pin_until: pinUntil });
  await lives("1.4.0");
  expect(await findBad()).toEqual([]);
  await lives("1.5.0");
  const other = finding(
    /^acme: pinned to version 1.4.0 .*, and served by version 1.5.0/,
    /version 1.4.0.*unpin acme/,
  );
  expect(await findBad()).toEqual([other]);
  await change({ upstream: null, pinned_version: null, pin_reason: null, pin_until: null });
  await sql()`delete from instances where audience = ${own}`;
});

test("a move or a restore is left alone for a minute, and is a fault after it", async () => {
  await change({ status: "moving" });
  expect(await findBad()).toEqual([]);
  await sql()`update tenants set updated_at = now() - interval '10 min' where slug = 'acme'`;
  expect(await findBad()).toEqual([finding(/^acme: its move stopped half-way 10 min ago/, /tenant move/)]);
  await sql()`
    insert into restores (id, tenant_id, to_instant, from_database, into_database, requested_by)
    values (gen_random_uuid(), ${acme.tenant.id}, now(), 'one', 'another', 'test')`;
  expect(await findBad()).toEqual([finding(/^acme: its restore stopped half-way/, /restore-abort acme/)]);
  await sql()`delete from restores`;
  await change({ status: "active" });
});

test.each<[string, string, RegExp]>([
  ["a move that has not switched", "a move to main is open", /move-abort acme/],
  ["an old copy", "its old copy at main is kept since 2026-11-01", /move-confirm acme/],
])("%s is told of while it is there, and is no fault", async (_, what, advice) => {
  const switchedAt = what.startsWith("its old copy") ? "2026-11-01T10:00Z" : null;
  await sql()`
    insert into moves (id, tenant_id, slug, requested_by, from_tier, to_tier, switched_at)
    values (gen_random_uuid(), ${acme.tenant.id}, 'acme', 'test', 'standard', 'standard', ${switchedAt})`;
  expect(await examine()).toContainEqual({ ...finding(RegExp(`^acme: ${what}`), advice), ok: true });
  await sql()`delete from moves`;
});

test("a restore that has not switched, and one whose old database is kept, are told of and are no fault", async () => {
  await sql()`
    insert into restores (id, tenant_id, to_instant, from_database, into_database, requested_by)
    values (gen_random_uuid(), ${acme.tenant.id}, '2026-11-01T10:00Z', 'one', 'another', 'test')`;
  const open = finding(/^acme: a restore to 2026-11-01T10:00:00.000Z is open/, /restore-abort acme/);
  expect(await examine()).toContainEqual({ ...open, ok: true });
  await sql()`update restores set switched_at = '2026-11-02T10:00Z', report = '{}'`;
  const kept = finding(/^acme: brought back on 2026-11-02, and one is kept/, /restore-confirm acme/);
  expect(await examine()).toContainEqual({ ...kept, ok: true });
  await sql()`delete from restores`;
});

test("a tenant whose database is down is named, and the others are looked at", async () => {
  const { admin } = platform.operator;
  const { name } = acme.record.database;
  await admin.unsafe(`alter database "${name}" with allow_connections false`);
  await admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${name}`;
  try {
    expect(await findBad()).toEqual([finding(/^acme: /, /PostgreSQL server running/)]);
  } finally {
    await admin.unsafe(`alter database "${name}" with allow_connections true`);
  }
});

test("a setting that this release does not take is named, and its value is in no finding", async () => {
  await acme.db.query`
    insert into pay.settings (tenant_id, key, value) values (${acme.tenant.id}, 'seller.supportEmail', '"Anna at Acme"')
    returning tenant_id`;
  // Settings are remembered for two seconds.
  const inTime = { timeout: 5_000 };
  const named = finding(/^acme: setting seller.supportEmail/, /clarity setting set/);
  await expect.poll(() => findBad(), inTime).toEqual([named]);
  expect(JSON.stringify(await findBad())).not.toContain("Anna");
  await acme.settings.unset("seller.supportEmail");
  await expect.poll(() => findBad(), inTime).toEqual([]);
});

test("who may be trying out cards is said for a day, and is nothing broken", async () => {
  const { db, tenant } = acme;
  const subject = "session:x";
  await db.query`
    insert into pay.declines (tenant_id, subject, level, at, slowed_at)
    values (${tenant.id}, ${subject}, 6, now(), now() - interval '23 hours') returning tenant_id`;
  const said = async () => (await examine()).filter(({ what }) => what.includes("payments declined"));
  expect(await said()).toEqual([
    { ...finding(/^acme: within a day 1 session/, /--state declined/), ok: true },
  ]);
  await db.query`update pay.declines set slowed_at = slowed_at - interval '2 hours' returning tenant_id`;
  expect(await said()).toEqual([]);
  await db.query`delete from pay.declines returning tenant_id`;
});

test("work that waits, of a suspended tenant too: deliveries, dead letters, unknown and conflicted payments", async () => {
  const payment = await paymentRows(acme);
  await change({ status: "suspended" });
  const { db } = acme;
  await db.query`update pay.outbox set due_at = now() - interval '1 h' returning tenant_id`;
  await db.query`update pay.attempts set next_check_at = now() - interval '1 h' returning tenant_id`;
  expect(await findBad()).toEqual([
    finding(/^acme: 1 deliveries are due/, /worker/),
    finding(/^acme: 1 payments nobody asks/, /payment list acme/),
  ]);
  await db.query`update pay.attempts set next_check_at = now() + interval '1 h' returning tenant_id`;
  await platform.rewrite(acme, "update pay.attempts set created_at = now() - interval '2 h'");
  await db.query`update pay.outbox set due_at = now() returning tenant_id`;
  const unsettled = finding(/^acme: 1 payments are open for more than 1 h/, /another account/);
  expect(await findBad()).toEqual([unsettled]);
  await db.query`update pay.attempts set state = 'declined', checks = 1 returning tenant_id`;
  expect(await findBad()).toEqual([unsettled]);
  await db.query`update pay.attempts set next_check_at = 'infinity' returning tenant_id`;
  expect(await findBad()).toEqual([]);
  await db.query`update pay.outbox set state = 'dead' returning tenant_id`;
  await db.query`update pay.attempts set state = 'conflicted' returning tenant_id`;
  await db.query`update pay.payments set state = 'conflicted' where id = ${payment} returning tenant_id`;
  expect(await findBad()).toEqual([
    finding(/^acme: 1 dead letters/, /dead-letter replay acme/),
    finding(/^acme: 1 payments in conflict/, /--state conflicted/),
  ]);
  await db.query`update pay.outbox set state = 'done' returning tenant_id`;
  await db.query`update pay.payments set state = 'captured' returning tenant_id`;
  await change({ status: "active" });
});

test("records of the ERP that cannot be used are told of, and are no fault", async () => {
  const { db, tenant } = acme;
  await db.query`
    insert into pay.record_faults (tenant_id, customer_id, kind, record, why)
    values (${tenant.id}::uuid, 'C-1', 'invoice', 'INV-7', '10.005 has more decimals than USD knows') returning tenant_id`;
  const told = finding(/^acme: 1 of the ERP's records cannot be used/, /record-fault list acme/);
  expect(await examine()).toContainEqual({ ...told, ok: true });
  expect(await findBad()).toEqual([]);
  await db.query`delete from pay.record_faults returning tenant_id`;
});

test("a destruction that nobody runs, and one that stopped half-way", async () => {
  const { tenant } = await platform.createTenant("leaving");
  await requestDeletion({ ctx: platform.operator, input: { slug: "leaving", graceDays: 3 } });
  expect(await findBad()).toEqual([]);
  await sql()`update deletions set due_at = now() - interval '2 days' where tenant_id = ${tenant.id}`;
  expect(await findBad()).toEqual([finding(/^leaving: was to be destroyed on /, /tenant purge/)]);
  await sql()`update deletions set destroying_at = now(), row_counts = '{}' where tenant_id = ${tenant.id}`;
  expect(await findBad()).toEqual([finding(/^leaving: its destruction stopped/, /tenant purge/)]);
  await sql()`update deletions set due_at = now() + interval '1 day', destroying_at = null, row_counts = null`;
});

test("a database server that does not answer, and how many tenants live there", async () => {
  const adminUrl = new URL(platform.address.adminUrl);
  const proxy = await tcpProxy(Number(adminUrl.port));
  adminUrl.port = String(proxy.port);
  await addDatabaseServer({ ctx: platform.operator, input: { name: "db-two", adminUrl: adminUrl.href } });
  expect(await findBad()).toEqual([]);
  await proxy.close();
  const found = await findBad();
  expect(found).toEqual([
    finding(/^database server db-two .* no, /, /start it/),
    finding(/^database server db-two: /, /is it running/),
  ]);
  expect(found[0]?.why).toBe("0 tenants live there");
  await sql()`delete from database_servers`;
});

test("an administrator that lacks rights: all of them in one finding, and what only an archive needs is a note", async () => {
  const { admin, address } = platform.operator;
  const role = `${address.namespace}_limited`;
  await admin.unsafe(`create role "${role}" login password 'p' createdb createrole`);
  const adminUrl = Object.assign(new URL(address.adminUrl), { username: role, password: "p" });
  adminUrl.pathname = `/${role}`;
  await admin.unsafe(`create database "${role}" owner "${role}"`);
  const ctx = { ...platform.operator, address: { ...address, adminUrl: adminUrl.href } };
  const rights = async () =>
    (await diagnose({ ctx })).filter(({ what }) => what.includes("its administrator"));
  const lacks =
    /^the registry's server: its administrator lacks to act for .*; pg_signal_backend; pg_read_all_stats; /;
  expect(await rights()).toEqual([
    finding(lacks, /as its superuser: .*grant pg_signal_backend to .*administrator\.sql$/),
  ]);
  const { namespace } = address;
  const made = await admin<{ name: string }[]>`
    select rolname as name from pg_roles where starts_with(rolname, ${`${namespace}_`}) and rolname <> ${role}`;
  await admin.unsafe(`
    grant pg_signal_backend, pg_read_all_stats, ${made.map(({ name }) => `"${name}"`).join(", ")} to "${role}"
      with admin option;
    grant set on parameter session_replication_role to "${role}"`);
  expect(await rights()).toMatchObject([
    { ok: true, what: expect.stringContaining("lacks execute on function pg_switch_wal()") },
  ]);
  await admin.unsafe(`drop database "${role}"; `);
  await admin.unsafe(`revoke set on parameter session_replication_role from "${role}"; drop role "${role}"`);
  expect(await rights()).toEqual([]);
});

test("clocks that are apart, either way", async () => {
  expect(await findBad(new Date(Date.now() + 600_000))).toEqual([finding(/clock is 600 s behind/, /NTP/)]);
  expect(await findBad(new Date(Date.now() - 600_000))).toEqual([finding(/clock is 600 s ahead/, /NTP/)]);
});

test("a certificate key that others can read", async () => {
  const path = join(dirname(platform.address.masterKeyFile), "certificate.key");
  writeFileSync(path, "{}", { mode: 0o600 });
  expect(await findBad()).toEqual([]);
  chmodSync(path, 0o644);
  expect(await findBad()).toEqual([finding(/readable by others/, /chmod 600/)]);
  chmodSync(path, 0o600);
});

test("an instance that tenants are sent to and that is silent", async () => {
  const url = "https://acme.instances.test";
  await change({ upstream: url });
  await sql()`
    insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
    values (gen_random_uuid(), ${url}, '1.0.0', 1, 1, now(), now())`;
  expect(await findBad()).toEqual([]);
  await sql()`update instances set seen_at = now() - interval '5 min'`;
  expect(await findBad()).toEqual([
    finding(/no server of https:\/\/acme\.instances\.test .* 300 s/, /start it/),
  ]);
  await change({ upstream: null });
  expect(await findBad()).toEqual([]);
});

test("no worker alive; and jobs that wait though one is", async () => {
  const { registryUrl } = platform.address;
  const utils = await makeWorkerUtils({ connectionString: registryUrl });
  await utils.migrate();
  expect(await findBad()).toEqual([finding(/^no worker is alive/, /start a server/)]);
  const locks = openWorkerLocks(openRegistrySession(registryUrl));
  await locks.refresh(["worker-1"]);
  expect(await findBad()).toEqual([]);
  await utils.addJob("outbox@shared", {}, { runAt: new Date(Date.now() - 600_000) });
  expect(await findBad()).toEqual([finding(/^1 jobs wait for more than 60 s/, /log/)]);
  await locks.close();
  await utils.release();
});

test("a check that cannot look is a finding, and hides none of the others", async () => {
  await platform.rewriteRegistry("alter table deletions rename to deletions_elsewhere");
  await change({ status: "creating" });
  try {
    expect(await findBad()).toEqual(
      expect.arrayContaining([
        finding(/^deletionFindings could not look: .*deletions/, /again/),
        finding(/^acme: its creation/, /again/),
      ]),
    );
  } finally {
    await platform.rewriteRegistry("alter table deletions_elsewhere rename to deletions");
    await change({ status: "active" });
  }
});

test("a registry that is down is the only thing said", async () => {
  const dead = { sql: async () => Promise.reject(new Error("connection refused")) };
  const ctx = { ...platform.operator, registry: { ...platform.operator.registry, ...dead } };
  const found = await diagnose({ ctx: ctx as never });
  expect(found).toEqual([
    { ok: true, what: "PostgreSQL answers the administrator", why: null, advice: null },
    finding(/^the registry answers: no, connection refused/, /CLARITY_REGISTRY_URL/),
  ]);
});
