import fc from "fast-check";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { anchorAudit } from "../../audit/anchors.ts";
import { hashRow } from "../../audit/chain.ts";
import { verifyAudit } from "../../audit/verify-audit.ts";
import { connect } from "../../database/connect.ts";
import { migrate } from "../../database/migrate.ts";
import { tenantMigrations } from "../../tenant/schema.ts";
import type { TenantDb } from "../../tenant/tenant-db.ts";
import { connectionUrl, type OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testDatabase, testPlatform } from "../../testing/index.ts";
import { names } from "../names.ts";
import { registryMigrations } from "../provisioning/prepare-platform.ts";

let platform: TestPlatform;
let acme: OpenTenant;
/** As whoever owns the database and stops at nothing: triggers are off, row-level security does not bind. */
let intruder: postgres.Sql;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());

/** The first says that the tenant was created. */
const rows = 12;
let tenants = 0;
beforeEach(async () => {
  acme = await platform.createTenant(`acme-${++tenants}`);
  const url = new URL(platform.address.adminUrl);
  url.pathname = `/${acme.record.database.name}`;
  const connection = { session_replication_role: "replica" };
  intruder = postgres(url.href, { max: 1, onnotice: () => {}, connection });
  for (let n = 2; n <= rows; n++) await write(`event.${n}`);
});
afterEach(() => intruder.end());

const registry = () => platform.operator.registry.sql;
const verify = () => verifyAudit({ registry: registry(), db: acme.db });
const anchor = () => anchorAudit({ registry: registry(), db: acme.db });

const write = (action: string) => acme.db.query`
  insert into pay.audit_log (tenant_id, actor, action, subject, detail)
  values (${acme.tenant.id}, 'test', ${action}, 'ä:1', jsonb_build_object('b', 1, 'a', ${action}::text))
  returning tenant_id`;

test("a log nobody touched is whole, and so is one that goes on after its head was anchored", async () => {
  expect(await verify()).toEqual({ rows, anchors: 0, anchoredUpTo: null, damage: null });
  await anchor();
  await write("event.more");
  expect(await verify()).toEqual({ rows: rows + 1, anchors: 1, anchoredUpTo: BigInt(rows), damage: null });
});

test("the tenant's own role can neither change a row, nor give a hash, nor write before the end", async () => {
  const denied = { code: "42501" };
  await expect(
    acme.db.query`update pay.audit_log set action = 'x' returning tenant_id`,
  ).rejects.toMatchObject(denied);
  await expect(acme.db.query`delete from pay.audit_log returning tenant_id`).rejects.toMatchObject(denied);
  await expect(acme.db.query`
    insert into pay.audit_log (tenant_id, actor, action, subject, hash)
    values (${acme.tenant.id}, 'x', 'x', 'x', ''::bytea) returning tenant_id`).rejects.toMatchObject(denied);
  await expect(acme.db.query`
    insert into pay.audit_log (tenant_id, id, actor, action, subject)
    values (${acme.tenant.id}, 3, 'x', 'x', 'x') returning tenant_id`).rejects.toMatchObject(denied);
  expect((await verify()).damage).toBeNull();
});

test("nobody changes, deletes or truncates rows by mistake: not the tenant's role, not the owner, not a superuser", async () => {
  const url = await connectionUrl({ registry: platform.operator.registry, record: acme.record });
  const role = postgres(url, { max: 1, connection: { "app.tenant_id": acme.tenant.id } });
  await expect(role`truncate pay.audit_log`).rejects.toMatchObject({ code: "42501" });
  await role.end();
  await intruder`set session_replication_role = origin`;
  const mistakes = [
    "update pay.audit_log set action = 'x'",
    "delete from pay.audit_log",
    "truncate pay.audit_log",
  ];
  for (const mistake of mistakes) {
    const message = `audit_log is append-only: no ${mistake.split(" ")[0]}`;
    await expect(intruder.unsafe(mistake)).rejects.toMatchObject({ code: "42501", message });
  }
  expect(await verify()).toMatchObject({ rows, damage: null });
});

test("rows written before there was a chain keep their numbers and are chained; new ones follow them", async () => {
  const { namespace } = platform.address;
  const database = await testDatabase();
  const sql = connect({ url: database.url, max: 1, session: { "app.tenant_id": acme.tenant.id } });
  const unchained = tenantMigrations().findIndex(({ name }) => name === "0004_audit_chain.sql");
  const variables = { tenants: names.tenants(namespace) };
  await migrate({ sql, migrations: tenantMigrations().slice(0, unchained), variables });
  const add = (action: string) => sql`
    insert into pay.audit_log (tenant_id, actor, action, subject) values (${acme.tenant.id}, 'test', ${action}, 'ü')`;
  for (const action of ["first", "deleted before the chain", "third"]) await add(action);
  await sql`delete from pay.audit_log where id = 2`;
  await migrate({ sql, migrations: tenantMigrations(), variables });
  await add("fourth");
  const db = { tenant: acme.tenant, query: sql } as unknown as TenantDb;
  expect(await verifyAudit({ registry: registry(), db })).toMatchObject({ rows: 3, damage: null });
  const kept = await sql`select id, action from pay.audit_log order by id`;
  expect(kept.map(({ id, action }) => `${id} ${action}`)).toEqual(["1 first", "3 third", "4 fourth"]);
  await sql.end();
  await database.close();
});

/** What an intruder may do to row `at`, and what must be found. */
const crimes: Record<string, { commit: (at: number) => Promise<unknown>; finds: (at: number) => object }> = {
  "another actor": {
    commit: (at) => intruder`update pay.audit_log set actor = 'somebody else' where id = ${at}`,
    finds: (at) => ({ kind: "edited", row: BigInt(at) }),
  },
  "another action": {
    commit: (at) => intruder`update pay.audit_log set action = action || '.' where id = ${at}`,
    finds: (at) => ({ kind: "edited", row: BigInt(at) }),
  },
  "text moved from one field to the next": {
    commit: (at) =>
      intruder`update pay.audit_log set actor = actor || left(action, 1), action = substr(action, 2) where id = ${at}`,
    finds: (at) => ({ kind: "edited", row: BigInt(at) }),
  },
  "another detail": {
    commit: (at) => intruder`update pay.audit_log set detail = detail || '{"c": null}' where id = ${at}`,
    finds: (at) => ({ kind: "edited", row: BigInt(at) }),
  },
  "a microsecond earlier": {
    commit: (at) => intruder`update pay.audit_log set at = at - interval '1 microsecond' where id = ${at}`,
    finds: (at) => ({ kind: "edited", row: BigInt(at) }),
  },
  "another hash before it": {
    commit: (at) => intruder`update pay.audit_log set prev_hash = sha256(prev_hash) where id = ${at}`,
    finds: (at) => ({ kind: "edited", row: BigInt(at) }),
  },
  "the row deleted": {
    commit: (at) => intruder`delete from pay.audit_log where id = ${at}`,
    finds: (at) => ({ kind: "deleted", row: BigInt(at) }),
  },
  "the row and the next changing places": {
    commit: async (at) => {
      await intruder`update pay.audit_log set id = -id where id in (${at}, ${at + 1})`;
      await intruder`update pay.audit_log set id = ${2 * at + 1} + id where id < 0`;
    },
    finds: (at) => ({ kind: "reordered", row: BigInt(at) }),
  },
  "the row edited and hashed anew": {
    commit: async (at) => {
      await intruder`update pay.audit_log set actor = 'somebody else' where id = ${at}`;
      await intruder`update pay.audit_log a set hash = pay.audit_hash(a.prev_hash, a) where id = ${at}`;
    },
    finds: (at) => ({ kind: "replaced", row: BigInt(at) }),
  },
};

test("whatever is done to any row before the last is found, named, and found at that row", async () => {
  await intruder`create temp table saved as select * from pay.audit_log`;
  const crime = fc.constantFrom(...Object.keys(crimes));
  await fc.assert(
    fc.asyncProperty(crime, fc.integer({ min: 1, max: rows - 1 }), async (name, at) => {
      await crimes[name]?.commit(at);
      const { damage } = await verify();
      await intruder`truncate pay.audit_log`;
      await intruder`insert into pay.audit_log select * from saved`;
      expect(damage).toMatchObject(crimes[name]?.finds(at) ?? {});
    }),
    { numRuns: 60 },
  );
  expect((await verify()).damage).toBeNull();
});

test("rows cut off the end are missed as far as the registry knows them", async () => {
  await intruder`delete from pay.audit_log where id > 10`;
  expect((await verify()).damage).toBeNull();
  await write("event.11");
  await anchor();
  await intruder`delete from pay.audit_log where id > 7`;
  expect((await verify()).damage).toMatchObject({ kind: "truncated", row: 8n });
  await expect(anchor()).rejects.toThrow(`audit row 11 of ${acme.tenant.slug} is gone`);
  await intruder`truncate pay.audit_log`;
  expect((await verify()).damage).toMatchObject({ kind: "truncated", row: 1n });
});

/** As the registry has it of a tenant that was brought back to before its last rows, which the anchors know. */
async function restoredToBefore(row: number): Promise<void> {
  await intruder`delete from pay.audit_log where id >= ${row}`;
  await platform.operator.registry.audit({
    actor: platform.operator.actor,
    action: "tenant.restored",
    tenantId: acme.tenant.id,
    detail: { to: new Date(Date.now() - 3_600_000).toISOString() },
  });
}

test("after a restore the rows that bear the numbers of those it undid are anchored like any other", async () => {
  await anchor();
  await restoredToBefore(rows - 1);
  expect(await verify()).toMatchObject({ anchors: 0, damage: null });
  await write("event.again");
  await write("event.again");
  await expect(anchor()).resolves.toMatchObject({ headId: BigInt(rows) });
  expect(await verify()).toMatchObject({ anchors: 1, anchoredUpTo: BigInt(rows), damage: null });
  await intruder`delete from pay.audit_log where id = ${rows}`;
  await expect(anchor()).rejects.toThrow(`audit row ${rows} of ${acme.tenant.slug} is gone`);
  expect((await verify()).damage).toMatchObject({ kind: "truncated", row: BigInt(rows) });
});

test("what two processes anchor at once is one anchor, and what older code anchors counts", async () => {
  await Promise.all([anchor(), anchor()]);
  const [head] = await acme.db.query<{ tenant_id: string; id: bigint; hash: Uint8Array }>`
    select tenant_id, id, hash from pay.audit_log order by id desc limit 1`;
  // As servers do that have not been replaced yet.
  for (const _ of [1, 2])
    await registry()`
      insert into audit_anchors (tenant_id, head_id, head_hash)
      values (${acme.tenant.id}, ${String(head?.id)}, ${Buffer.from(head?.hash ?? [])})
      on conflict (tenant_id, head_id) do nothing`;
  expect(await verify()).toEqual({ rows, anchors: 1, anchoredUpTo: BigInt(rows), damage: null });
  await intruder`delete from pay.audit_log where id = ${rows}`;
  expect((await verify()).damage).toMatchObject({ kind: "truncated" });
});

test("what was anchored before heads had their time for a key is known as ever, and so is what older code adds", async () => {
  const database = await testDatabase();
  const sql = connect({ url: database.url, max: 1 });
  const before = registryMigrations().findIndex(({ name }) => name === "0008_audit_heads.sql");
  await migrate({ sql, migrations: registryMigrations().slice(0, before) });
  const asOlderCode = (head: number) => sql`
    insert into audit_anchors (tenant_id, head_id, head_hash) values (${acme.tenant.id}, ${head}, ${"h".repeat(32)})`;
  for (const head of [3, 9]) await asOlderCode(head);
  await migrate({ sql, migrations: registryMigrations() });
  await asOlderCode(20);
  const anchors = await sql`select tenant_id, head_id, head_hash, at from audit_anchors order by head_id`;
  expect(anchors.map(({ head_id: head }) => head)).toEqual([3n, 9n, 20n]);
  expect(await sql`select tenant_id, head_id, head_hash, at from audit_heads order by head_id`).toEqual(
    anchors,
  );
  await sql.end();
  await database.close();
});

test("two anchors of one row that differ cannot both be right", async () => {
  await anchor();
  await registry()`
    insert into audit_heads (tenant_id, head_id, head_hash)
    values (${acme.tenant.id}, ${rows}, decode('ff', 'hex'))`;
  expect((await verify()).damage).toMatchObject({ kind: "replaced", row: BigInt(rows) });
});

test("a log written anew, every hash right, is not the one the registry knows", async () => {
  await anchor();
  await intruder`update pay.audit_log set actor = 'somebody else' where id = 5`;
  for (let id = 5; id <= rows; id++) {
    await intruder`
      update pay.audit_log a set prev_hash = b.hash, hash = pay.audit_hash(b.hash, a)
      from pay.audit_log b where a.id = ${id} and b.id = ${id - 1}`;
  }
  expect((await verify()).damage).toMatchObject({ kind: "replaced", row: BigInt(rows) });
  await expect(anchor()).rejects.toThrow(
    `audit row ${rows} of ${acme.tenant.slug} is not the one that was anchored`,
  );
});

test("a function that always answers the right hash does not fool the check", async () => {
  await intruder`update pay.audit_log set actor = 'somebody else' where id = 5`;
  await intruder`create or replace function pay.audit_hash(prev_hash bytea, entry pay.audit_log) returns bytea
    language sql as 'select entry.hash'`;
  expect((await verify()).damage).toMatchObject({ kind: "edited", row: 5n });
});

test("writers at once are chained one after the other, and none waits for another in a ring", async () => {
  await Promise.all(
    Array.from({ length: 40 }, (_, n) =>
      n % 2 === 0 ? write(`parallel.${n}`) : acme.settings.set("seller.name", `Acme ${n}`),
    ),
  );
  const { damage, rows: read } = await verify();
  expect({ damage, read }).toEqual({ damage: null, read: rows + 40 });
});

test("the hash is SHA-256 of the hash before and each field with its length in front", () => {
  const row = { id: 1n, at: "0", actor: "a", action: "b", subject: "ü", detail: "{}" };
  expect(Buffer.from(hashRow(new Uint8Array(32), row)).toString("hex")).toBe(
    // (head -c 32 /dev/zero; printf '1:11:01:a1:b2:ü2:{}') | sha256sum
    "e3b7bc93c6b0ba114e23b7e5d528ef7f114165a5f82dd5d56d63eb9a0730f220",
  );
});
