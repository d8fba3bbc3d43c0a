import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { anchorAudit } from "../../audit/anchors.ts";
import { migrate } from "../../database/migrate.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { names } from "../names.ts";
import { preparePlatform, registryMigrations } from "../provisioning/prepare-platform.ts";
import { fileSink, httpSink, shipLogs } from "./ship-logs.ts";
import { verifyRegistry } from "./verify-registry.ts";

const folder = temporaryFolders();
let platform: TestPlatform;
let acme: OpenTenant;
/** Whoever has the password that servers log in with. */
let server: postgres.Sql;
/** Who owns the machine, and may turn triggers off. */
let superuser: postgres.Sql;
const ids = { acme: "", role: "", owner: "", database: "" };
const opened: postgres.Sql[] = [];
const open = (url: string) => {
  const sql = postgres(url, { max: 1, onnotice: () => {}, fetch_types: false });
  opened.push(sql);
  return sql;
};
const inRegistry = (adminUrl: string, name: string) =>
  Object.assign(new URL(adminUrl), { pathname: `/${name}` }).href;

beforeAll(async () => {
  platform = await testPlatform();
  acme = await platform.createTenant("acme");
  const { namespace, adminUrl, registryUrl } = platform.address;
  server = open(registryUrl);
  superuser = open(inRegistry(adminUrl, names.registry(namespace)));
  await anchorAudit({ registry: platform.operator.registry.sql, db: acme.db });
  await server`insert into audit_anchors (tenant_id, head_id, head_hash) values (gen_random_uuid(), 1, '')`;
  Object.assign(ids, {
    acme: acme.tenant.id,
    role: names.registry(namespace),
    owner: names.owner(namespace),
    database: names.registry(namespace),
  });
});
afterAll(async () => {
  await Promise.all(opened.map((sql) => sql.end()));
  await platform.close();
});

/** `{name}` becomes one of the ids. */
const filled = (statement: string) =>
  statement.replace(/\{(\w+)\}/g, (whole, name: string) => (ids as Record<string, string>)[name] ?? whole);

const logs = ["operator_audit", "audit_heads", "audit_anchors", "log_shipments"];
const ofEach = logs.flatMap((log) => [
  `delete from ${log}`,
  `truncate ${log}`,
  `truncate ${log} cascade`,
  `drop table ${log}`,
  `alter table ${log} disable trigger all`,
  `alter table ${log} disable trigger append_only`,
  `alter table ${log} owner to {role}`,
  `alter table ${log} add column x int`,
  `alter table ${log} rename to x`,
  `alter table ${log} set schema pg_temp`,
  `alter table ${log} enable row level security`,
  `alter table ${log} alter column at set default '2020-01-01'`,
  `drop trigger append_only on ${log}`,
  `create trigger x before insert on ${log} for each row execute function suppress_redundant_updates_trigger()`,
  `create rule x as on insert to ${log} do instead nothing`,
  `create policy x on ${log} using (false)`,
  `merge into ${log} l using (select 1) s on true when matched then delete`,
  `with gone as (delete from ${log} returning *) select * from gone`,
  `update ${log} set at = '2020-01-01'`,
  `insert into ${log} select * from ${log} limit 1`,
  `copy ${log} from stdin`,
  `begin; lock table ${log} in access exclusive mode`,
  `comment on table ${log} is 'x'`,
]);
const others = [
  "update operator_audit set operator = 'x'",
  "update operator_audit set detail = '{}' where id = 1",
  "update audit_heads set head_hash = ''",
  "update log_shipments set up_to = 0",
  // Back-dated, numbered, in another's name.
  "insert into operator_audit (at, operator, action) values ('2020-01-01', 'platform', 'x')",
  "insert into operator_audit (at, operator, action) values (now(), 'platform', 'x')",
  "insert into operator_audit (id, operator, action) values (1000, 'platform', 'x')",
  "insert into operator_audit (operator, action, hash) values ('platform', 'x', '')",
  "insert into operator_audit (operator, action, prev_hash) values ('platform', 'x', '')",
  "insert into operator_audit (operator, action) values ('operator:ada', 'x')",
  "insert into operator_audit (operator, action) values ('operator', 'x')",
  "insert into operator_audit (operator, action) values ('ada', 'x')",
  "insert into operator_audit (operator, action) values ('user:1', 'x')",
  "insert into operator_audit (operator, action) values ('', 'x')",
  "insert into operator_audit (operator, action, tenant_id, detail) values ('operator:ada', 'tenant.restored', '{acme}', '{\"to\": \"2020-01-01\"}')",
  "insert into audit_heads (tenant_id, head_id, head_hash, at) values ('{acme}', 1, '', '2020-01-01')",
  "insert into audit_heads (tenant_id, head_id, head_hash, id) values ('{acme}', 1, '', 1000)",
  "insert into audit_anchors (tenant_id, head_id, head_hash, at) values ('{acme}', 1000, '', '2020-01-01')",
  "insert into log_shipments (log, up_to) values ('operator_audit', 1000000)",
  "insert into log_shipments (log, up_to, at) values ('operator_audit', 1, '2020-01-01')",
  // By way of what holds it.
  "drop schema public cascade",
  "alter schema public rename to x",
  "alter schema public owner to {role}",
  "create table public.x (a int)",
  "create view public.x as select 1",
  "create function public.x() returns int language sql as 'select 1'",
  "create or replace function chain_operator_audit() returns trigger language plpgsql as 'begin return null; end'",
  "create or replace function log_hash(prev_hash bytea, variadic fields text[]) returns bytea language sql as 'select prev_hash'",
  "drop function refuse_change() cascade",
  "alter function chain_operator_audit() security invoker",
  "drop database {database}",
  "alter database {database} owner to {role}",
  "alter database {database} set session_replication_role = replica",
  "drop owned by {owner} cascade",
  "reassign owned by {owner} to {role}",
  "set role {owner}",
  "grant {owner} to {role}",
  "set session authorization postgres",
  "set session_replication_role = replica",
  "alter role {role} set session_replication_role = replica",
  "alter role {role} superuser",
  "alter default privileges for role {owner} grant all on tables to {role}",
  "update schema_migrations set checksum = ''",
  "delete from schema_migrations",
  // What would run in an operator's session, which is an administrator's.
  "create trigger x before update on tenants for each row execute function suppress_redundant_updates_trigger()",
  "alter table tenants disable trigger all",
  "alter table tenants alter column updated_at set default now()",
  "create rule x as on update to tenants do also select 1",
  "create or replace function notify_registry() returns trigger language plpgsql as 'begin return null; end'",
  "create event trigger x on ddl_command_end execute function notify_registry()",
];

test.each([...ofEach, ...others])("the servers' role may not: %s", async (statement) => {
  const error = await server.unsafe(filled(statement)).then(
    (rows) => ({ code: "none", message: `it did that, and answered ${rows.length} rows` }),
    (failure) => failure,
  );
  await server.unsafe("rollback");
  // Of log_shipments: check_violation, there is no such row.
  const refused = ["42501", ...(statement.includes("1000000") ? ["23514"] : [])];
  expect(refused, `${error.code}: ${error.message}`).toContain(error.code);
});

test("it owns nothing there but the schema of its job queue, and what it writes itself stands under its own names", async () => {
  const owned = await server`
    select relname from pg_class where relowner = current_user::regrole and relnamespace = 'public'::regnamespace
    union all select proname from pg_proc where proowner = current_user::regrole and pronamespace = 'public'::regnamespace
    union all select datname from pg_database where datdba = current_user::regrole
    union all select nspname from pg_namespace where nspowner = current_user::regrole and nspname <> 'graphile_worker'`;
  expect(owned).toEqual([]);
  for (const name of ["platform", "worker"]) {
    await server`insert into operator_audit (operator, action) values (${name}, 'test.entry')`;
  }
  const rows = await server`select operator from operator_audit where action = 'test.entry' order by id`;
  expect(rows.map(({ operator }) => operator)).toEqual(["platform", "worker"]);
});

test("a table of the same name in a schema of its making takes nothing of what an operator does", async () => {
  const { role } = ids;
  await server.unsafe(`create schema ${role}; create schema postgres;
    create table ${role}.operator_audit (like public.operator_audit);
    create table postgres.operator_audit (like public.operator_audit)`);
  await platform.operator.registry.audit({ actor: platform.operator.actor, action: "test.not_fooled" });
  const [row] = await superuser`
    select (select count(*)::int from public.operator_audit where action = 'test.not_fooled') as kept,
      (select count(*)::int from ${superuser(role)}.operator_audit) as taken`;
  expect(row).toEqual({ kept: 1, taken: 0 });
  await server.unsafe(`drop schema ${role} cascade; drop schema postgres cascade`);
});

test("a restore that servers made up takes no anchor away", async () => {
  const before = await superuser`select head_id from audit_heads where tenant_id = ${ids.acme}`;
  await server`
    insert into restores (id, tenant_id, to_instant, from_database, into_database, requested_by, status_before, paused_at,
      switched_at, report)
    values (gen_random_uuid(), ${ids.acme}, '2000-01-01', 'a', 'b', 'x', 'active', now(), now(), '{}')`;
  for (const detail of ['{"to": "2000-01-01"}', '{"to": "no instant"}', "[]"]) {
    await server`
      insert into operator_audit (operator, action, tenant_id, detail)
      values ('platform', 'tenant.restored', ${ids.acme}, ${detail}::text::jsonb)`;
  }
  const anchor = await anchorAudit({ registry: platform.operator.registry.sql, db: acme.db });
  expect(before.map(({ head_id }) => BigInt(head_id))).toContain(anchor?.headId);
});

/** With triggers off, as nobody but who owns the machine can. */
async function tamper(statement: string): Promise<void> {
  await superuser.unsafe(`begin; set local session_replication_role = replica; ${statement}; commit`);
}
const verify = (shipped: string | null = null) =>
  verifyRegistry({ registry: platform.operator.registry.sql, shipped });
const damageOf = async (log: string, shipped: string | null = null) =>
  (await verify(shipped)).find((one) => one.log === log)?.verdict.damage;

test("both logs are whole after all of that, writers at once included", async () => {
  await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      platform.operator.registry.audit({ actor: platform.operator.actor, action: `test.parallel.${n}` }),
    ),
  );
  for (const { verdict } of await verify()) expect(verdict).toMatchObject({ damage: null });
  expect((await verify())[0]?.verdict.rows).toBeGreaterThan(20);
});

test.each([
  ["operator_audit", "edited", "update operator_audit set operator = 'operator:eve' where id = 2", 2n],
  ["operator_audit", "edited", "update operator_audit set at = at - interval '1 day' where id = 2", 2n],
  ["operator_audit", "deleted", "delete from operator_audit where id = 2", 2n],
  ["audit_heads", "edited", "update audit_heads set head_id = head_id + 1 where id = 1", 1n],
  ["audit_heads", "deleted", "delete from audit_heads where id = 1", 1n],
])("in %s a row that was %s is named: %s", async (log, kind, statement, row) => {
  await superuser.unsafe(`create table kept as select * from ${log}`);
  await tamper(statement);
  expect(await damageOf(log)).toMatchObject({ kind, row });
  await tamper(`delete from ${log}; insert into ${log} select * from kept`);
  await superuser`drop table kept`;
  expect(await damageOf(log)).toBeNull();
});

test("what was shipped shows an end that was cut off, and a log written anew; a copy that was changed says so itself", async () => {
  const file = join(folder(), "shipped.jsonl");
  const registry = platform.operator.registry.sql;
  expect(await shipLogs({ registry, sink: fileSink(file) })).toBeGreaterThan(20);
  expect(await shipLogs({ registry, sink: fileSink(file) })).toBe(0);
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  for (const { verdict } of await verify(file)) expect(verdict).toMatchObject({ damage: null });
  expect((await verify(file)).map(({ verdict }) => verdict.anchors).reduce((a, b) => a + b)).toBe(
    lines.length,
  );

  await superuser`create table kept as select * from operator_audit`;
  await tamper("delete from operator_audit where id = (select max(id) from operator_audit)");
  expect(await damageOf("operator_audit")).toBeNull();
  expect(await damageOf("operator_audit", file)).toMatchObject({ kind: "truncated" });
  await tamper("delete from operator_audit");
  expect(await damageOf("operator_audit", file)).toMatchObject({ kind: "truncated", row: 1n });
  await tamper("insert into operator_audit select * from kept");
  await superuser`drop table kept`;

  const changed = join(folder(), "changed.jsonl");
  writeFileSync(changed, lines.join("\n").replace('"operator:test"', '"operator:eve"'));
  await expect(verify(changed)).rejects.toThrow("the copy was changed");
  const gap = join(folder(), "gap.jsonl");
  writeFileSync(gap, lines.filter((_, n) => n !== 3).join("\n"));
  await expect(verify(gap)).rejects.toThrow("lacks rows 4 to 4");
});

test("posted over HTTP it is the same lines; one that is not taken is shipped again, and never said to be", async () => {
  const bodies: { text: string; authorization: string | undefined; status: number }[] = [];
  let status = 503;
  const http = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => {
      bodies.push({ text, authorization: request.headers.authorization, status });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const registry = platform.operator.registry.sql;
  const sink = httpSink(`http://127.0.0.1:${port}/`, "secret");
  await shipLogs({ registry, sink: async () => {} });
  await platform.operator.registry.audit({ actor: platform.operator.actor, action: "test.to_ship" });
  await expect(shipLogs({ registry, sink })).rejects.toThrow("answers 503");
  status = 204;
  expect(await shipLogs({ registry, sink })).toBe(1);
  expect(await shipLogs({ registry, sink })).toBe(0);
  expect(bodies.map((body) => body.status)).toEqual([503, 204]);
  expect(bodies[1]?.text).toBe(bodies[0]?.text);
  expect(JSON.parse(bodies[1]?.text ?? "")).toMatchObject({ log: "operator_audit", action: "test.to_ship" });
  expect(bodies[1]?.authorization).toBe("Bearer secret");
  http.close();
});

test("several processes ship one after the other: each row once while none fails", async () => {
  const registry = platform.operator.registry.sql;
  for (let n = 0; n < 5; n++) {
    await platform.operator.registry.audit({ actor: platform.operator.actor, action: `test.once.${n}` });
  }
  const lines: string[] = [];
  const sink = async (text: string) => void lines.push(...text.trimEnd().split("\n"));
  await Promise.all([1, 2, 3].map(() => shipLogs({ registry, sink })));
  expect(lines).toHaveLength(5);
});

test("a registry of before keeps its rows, is taken over from the servers' role, and servers of before write on", async () => {
  const { adminUrl } = platform.address;
  const namespace = `${platform.address.namespace}_u`;
  const name = names.registry(namespace);
  const admin = open(adminUrl);
  await admin.unsafe(`create role ${name} login password 'secret'`);
  await admin.unsafe(`create database ${name} owner ${name}`);
  const registryUrl = Object.assign(new URL(inRegistry(adminUrl, name)), {
    username: name,
    password: "secret",
  }).href;
  const before = open(registryUrl);
  const last = registryMigrations().findIndex((one) => one.name === "0012_chained_logs.sql");
  await migrate({ sql: before as never, migrations: registryMigrations().slice(0, last) });
  for (let n = 1; n <= 3; n++) {
    await before`insert into operator_audit (operator, action, tenant_id, detail)
      values (${`operator:${n}`}, 'test.before', ${n === 2 ? null : ids.acme}, ${before.json({ n })})`;
    await before`insert into audit_heads (tenant_id, head_id, head_hash) values (${ids.acme}, ${n}, ${Buffer.from([n])})`;
  }
  const rowsOf = async () => [
    await before`select id, at, operator, action, tenant_id, detail from operator_audit where action = 'test.before' order by id`,
    await before`select tenant_id, head_id, head_hash, at from audit_heads where head_id < 4 order by head_id`,
  ];
  const kept = await rowsOf();
  const address = { adminUrl, registryUrl, namespace, masterKeyFile: join(folder(), "master.key") };
  for (const _ of [1, 2]) await preparePlatform(address);
  expect(await rowsOf()).toEqual(kept);
  const registry = open(inRegistry(adminUrl, name));
  for (const { verdict } of await verifyRegistry({ registry: registry as never, shipped: null })) {
    expect(verdict).toMatchObject({ rows: expect.any(Number), damage: null });
  }
  // A session that was open all the while, as a server's is.
  await before`insert into operator_audit (operator, action, detail) values ('platform', 'isolation.breach', '{}')`;
  await before`insert into audit_anchors (tenant_id, head_id, head_hash) values (${ids.acme}, 9, '')`;
  await before`insert into audit_heads (tenant_id, head_id, head_hash) values (${ids.acme}, 10, '')`;
  await before`update tenants set updated_at = now()`;
  await expect(before`delete from operator_audit`).rejects.toMatchObject({ code: "42501" });
  await expect(before`drop table audit_heads`).rejects.toMatchObject({ code: "42501" });
  await expect(before`alter table tenants disable trigger all`).rejects.toMatchObject({ code: "42501" });
  const chained = await verifyRegistry({ registry: registry as never, shipped: null });
  expect(chained.map(({ verdict }) => verdict.damage)).toEqual([null, null]);
  expect(chained[1]?.verdict.rows).toBe(5);
});
