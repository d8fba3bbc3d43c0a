import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { verifyAudit } from "../../audit/verify-audit.ts";
import { addEmbedKey, revokeEmbedKey } from "../../sessions/embed-keys.ts";
import { connectionUrl, type OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { names } from "../names.ts";
import { paymentRows, withSecrets } from "../testing/lived-in-tenant.ts";
import { hardenDatabase } from "./harden-database.ts";

/** Whoever has the tenant's password, without our code between. */
let role: postgres.Sql;
/** Another connection of the same. */
let second: postgres.Sql;
let platform: TestPlatform;
let acme: OpenTenant;
let globex: OpenTenant;
const ids = { acme: "", globex: "", payment: "", role: "", globexRole: "", database: "", globexDatabase: "" };

beforeAll(async () => {
  platform = await testPlatform();
  [acme, globex] = [await platform.createTenant("acme"), await platform.createTenant("globex")];
  for (const open of [acme, globex]) await withSecrets(open);
  ids.payment = await paymentRows(acme);
  await addEmbedKey({ ctx: acme, input: { id: "leaked", algorithm: "HS256" } });
  await revokeEmbedKey({ ctx: acme, input: { id: "leaked" } });
  await acme.db.query`
    insert into pay.webhook_events (tenant_id, provider, event_id, reference)
    values (${acme.tenant.id}, 'sandbox', 'evt-1', 'ref') returning tenant_id`;
  const captured = await paymentRows(acme);
  await acme.db.query`
    update pay.payments set state = 'captured', captured_at = now() where id = ${captured}::uuid returning tenant_id`;
  await platform.rewrite(
    acme,
    `insert into pay.key_floor (tenant_id, minimum_version) values ('${acme.tenant.id}', 1)`,
  );
  const delivered = await paymentRows(acme);
  await acme.db.query`
    update pay.outbox set state = 'done', done_at = now() where payment_id = ${delivered}::uuid returning tenant_id`;
  Object.assign(ids, {
    acme: acme.tenant.id,
    globex: globex.tenant.id,
    role: acme.record.database.role,
    globexRole: globex.record.database.role,
    database: acme.record.database.name,
    globexDatabase: globex.record.database.name,
    owner: names.owner(platform.address.namespace),
    tenants: names.tenants(platform.address.namespace),
    registry: names.registry(platform.address.namespace),
  });
  [role, second] = [await open(), await open()];
});
afterAll(async () => {
  await Promise.all([role.end(), second.end()]);
  await platform.close();
});

async function open(): Promise<postgres.Sql> {
  const url = await connectionUrl({ registry: platform.operator.registry, record: acme.record });
  const connection = { "app.tenant_id": acme.tenant.id };
  return postgres(url, { max: 1, onnotice: () => {}, connection, fetch_types: false });
}

/** `{name}` becomes one of the ids. */
const filled = (statement: string) =>
  statement.replace(/\{(\w+)\}/g, (whole, name: string) => (ids as Record<string, string>)[name] ?? whole);

/** Refused for want of a right, or of the thing itself; never because it is written wrongly. */
const refusals = new Set([
  "42501", // insufficient_privilege
  "25006", // read_only_sql_transaction
  "55000", // object_not_in_prerequisite_state
  "22023", // invalid_parameter_value: a setting that only a superuser gives
  "55006", // object_in_use
  "23514", // check_violation
  "0A000", // feature_not_supported: of oneself it is not
]);

const statements: Record<string, string[]> = {
  "rows are not back-dated": [
    "insert into pay.audit_log (tenant_id, at, actor, action, subject) values ('{acme}', '2020-01-01', 'x', 'x', 'x')",
    "insert into pay.audit_log (tenant_id, at, actor, action, subject) values ('{acme}', now(), 'x', 'x', 'x')",
    `insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor, surcharge_minor,
      total_minor, lines, created_at) values ('{acme}', gen_random_uuid(), '1', '', 'pending', 'USD', 1, 0, 1, '[]', '2020-01-01')`,
    "update pay.payments set created_at = '2020-01-01'",
    "update pay.payments set captured_at = '2020-01-01' where captured_at is not null",
    "update pay.attempts set created_at = '2020-01-01'",
    "update pay.outbox set created_at = '2020-01-01'",
    "update pay.webhook_events set received_at = '2020-01-01'",
    "update pay.embed_keys set created_at = '2020-01-01'",
    "update pay.users set created_at = '2020-01-01'",
    "update pay.themes set created_at = '2020-01-01'",
    "insert into pay.webhook_events (tenant_id, provider, event_id, reference, received_at) values ('{acme}', 'p', 'e', 'r', '2020-01-01')",
    "insert into pay.ledger_entries (tenant_id, payment_id, account, currency, amount_minor, created_at) values ('{acme}', '{payment}', 'receivable', 'USD', 1, '2020-01-01')",
    "insert into pay.outbox (tenant_id, kind, payment_id, created_at) values ('{acme}', 'erp_post', gen_random_uuid(), '2020-01-01')",
    "insert into pay.record_faults (tenant_id, customer_id, kind, record, why, first_seen_at) values ('{acme}', '1', 'email', 'x', 'x', '2020-01-01')",
    "update pay.record_faults set first_seen_at = '2020-01-01'",
    "update pay.outbox set done_at = '2020-01-01' where state = 'done'",
    "insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor, surcharge_minor, total_minor, lines, captured_at) values ('{acme}', gen_random_uuid(), '1', '', 'captured', 'USD', 1, 0, 1, '[]', '2020-01-01')",
    "insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor, surcharge_minor, total_minor, lines, updated_at) values ('{acme}', gen_random_uuid(), '1', '', 'pending', 'USD', 1, 0, 1, '[]', '2020-01-01')",
    "insert into pay.attempts (tenant_id, id, payment_id, provider, statement, state, leased_until, next_check_at, created_at) values ('{acme}', gen_random_uuid(), '{payment}', 'x', 'x', 'pending', now(), now(), '2020-01-01')",
    "insert into pay.settings (tenant_id, key, value, updated_at) values ('{acme}', 'x', '1', '2020-01-01')",
    "insert into pay.users (tenant_id, email, role, created_at) values ('{acme}', 'x@x.test', 'owner', '2020-01-01')",
    "insert into pay.embed_keys (tenant_id, id, algorithm, jwks_url, created_at) values ('{acme}', 'x', 'ES256', 'https://x.test', '2020-01-01')",
    "insert into pay.flag_overrides (tenant_id, key, value, set_by, set_at) values ('{acme}', 'x', 'true', 'x', '2020-01-01')",
  ],
  "rows are not numbered, and nobody's name is taken in vain": [
    "insert into pay.audit_log (tenant_id, id, actor, action, subject) values ('{acme}', 1000, 'x', 'x', 'x')",
    "insert into pay.audit_log (tenant_id, id, actor, action, subject) overriding system value values ('{acme}', 1000, 'x', 'x', 'x')",
    "insert into pay.audit_log (tenant_id, actor, action, subject, prev_hash) values ('{acme}', 'x', 'x', 'x', '')",
    "insert into pay.audit_log (tenant_id, actor, action, subject, hash) values ('{acme}', 'x', 'x', 'x', '')",
    "insert into pay.audit_log select * from pay.audit_log limit 1",
    "copy pay.audit_log from stdin",
    "insert into pay.ledger_entries (tenant_id, id, payment_id, account, currency, amount_minor) overriding system value values ('{acme}', 1, '{payment}', 'receivable', 'USD', 1)",
    "insert into pay.audit_log (tenant_id, actor, action, subject) values ('{acme}', 'operator:ada', 'payment.refunded', 'x')",
    "insert into pay.audit_log (tenant_id, actor, action, subject) values ('{acme}', 'operator', 'x', 'x')",
    "insert into pay.audit_log (tenant_id, actor, action, subject) values ('{acme}', 'platform', 'x', 'x')",
    "insert into pay.audit_log (tenant_id, actor, action, subject) values ('{acme}', 'platform:x', 'x', 'x')",
    "insert into pay.audit_log (tenant_id, actor, action, subject) values ('{globex}', 'x', 'x', 'x')",
    "insert into pay.flag_overrides (tenant_id, key, value, set_by) values ('{acme}', 'x', 'true', 'operator:ada')",
    "insert into pay.flag_overrides (tenant_id, key, value, set_by) values ('{acme}', 'x', 'true', 'platform')",
    "select setval('pay.receipt_numbers', 1)",
    "select setval('pay.ledger_entries_id_seq', 1)",
    "select nextval('pay.ledger_entries_id_seq')",
    "alter sequence pay.receipt_numbers restart",
  ],
  "what was written stays": [
    "delete from pay.attempts",
    "delete from pay.outbox",
    "delete from pay.webhook_events",
    "delete from pay.payments",
    "delete from pay.ledger_entries",
    "delete from pay.audit_log",
    "delete from pay.embed_keys",
    "delete from pay.invoices",
    "delete from pay.customers",
    "delete from pay.key_floor",
    "delete from pay.erp_turns",
    "update pay.audit_log set action = 'x'",
    "update pay.audit_log set tenant_id = tenant_id",
    "update pay.ledger_entries set amount_minor = 0",
    "update pay.webhook_events set reference = 'x'",
    "update pay.used_tokens set expires_at = 'infinity'",
    "update pay.payments set amount_minor = 1, total_minor = 1",
    "update pay.payments set state = 'pending' where state = 'captured'",
    "update pay.payments set receipt_number = 'R-1' where state = 'captured'",
    "update pay.payments set captured_at = null where state = 'captured'",
    "update pay.payments set card_last4 = '0000'",
    "update pay.payments set customer_id = 'x'",
    "update pay.payments set lines = '[]'",
    "update pay.payments set id = gen_random_uuid()",
    "update pay.attempts set payment_id = gen_random_uuid()",
    "update pay.attempts set provider_account = 'another'",
    "update pay.outbox set payment_id = gen_random_uuid()",
    "update pay.outbox set kind = 'receipt_email'",
    "update pay.outbox set state = 'due', done_at = null where state = 'done'",
    "update pay.attempts set subjects = '{}'",
    "update pay.users set email = 'thief@x.test'",
    "delete from pay.users",
    "update pay.themes set published_at = now()",
    "delete from pay.themes",
    "insert into pay.key_floor (tenant_id, minimum_version) values ('{acme}', 0)",
    "update pay.embed_keys set revoked_at = null where id = 'leaked'",
    "update pay.embed_keys set revoked_at = '2020-01-01' where id = 'leaked'",
    "update pay.embed_keys set public_jwk = '{}', secret_ciphertext = null",
    "update pay.embed_keys set algorithm = 'HS256'",
    "update pay.key_floor set minimum_version = 0",
    "merge into pay.audit_log a using (select 1) s on true when matched then delete",
    "with gone as (delete from pay.attempts returning *) select * from gone",
    "truncate pay.attempts",
    "truncate pay.audit_log",
    "truncate pay.outbox cascade",
    "drop table pay.attempts",
    "drop schema pay cascade",
    "drop database {database}",
    "drop owned by {owner}",
    "reassign owned by {owner} to {role}",
  ],
  "nothing is turned off": [
    "alter table pay.audit_log disable trigger all",
    "alter table pay.audit_log disable trigger chain",
    "alter table pay.payments disable row level security",
    "alter table pay.payments owner to {role}",
    "alter table pay.payments add column x int",
    "alter table pay.audit_log rename to x",
    "alter table pay.audit_log set schema public",
    "drop trigger chain on pay.audit_log",
    "drop policy tenant on pay.payments",
    "create policy open on pay.payments using (true)",
    "create trigger x before insert on pay.audit_log for each row execute function pay.stamp('at')",
    "create rule x as on insert to pay.audit_log do instead nothing",
    "set session_replication_role = replica",
    "set local session_replication_role = 'replica'",
    "select set_config('session_replication_role', 'replica', false)",
    "alter role {role} set session_replication_role = replica",
    "alter function pay.chain_audit() security invoker",
    "create or replace function pay.audit_hash(prev_hash bytea, entry pay.audit_log) returns bytea language sql as 'select null'",
    "drop function pay.chain_audit() cascade",
    "select pay.audit_hash('', a) from pay.audit_log a",
    "grant {owner} to {role}",
    "grant {tenants} to {globexRole}",
    "alter group {tenants} add user {globexRole}",
    "comment on database {database} is '{globex}'",
    "comment on table pay.audit_log is 'x'",
    "security label on table pay.audit_log is 'x'",
  ],
  "nothing is made": [
    "create table x (a int)",
    "create table public.x (a int)",
    "create table pay.x (a int)",
    "create table x as select 1",
    "select 1 into x",
    "create temp table x (a int)",
    "create temp view x as select 1",
    "create unlogged table public.x (a int)",
    "create schema x",
    "create schema authorization {role}",
    "create view public.x as select 1",
    "create materialized view public.x as select 1",
    "create sequence public.x",
    "create type public.x as (a int)",
    "create domain public.x as int",
    "create function public.x() returns int language sql as 'select 1'",
    "create function public.x() returns int language sql security definer as 'select 1'",
    "create function pg_temp.x() returns int language sql as 'select 1'",
    "create procedure public.x() language sql as 'select 1'",
    "create operator public.=== (leftarg = int, rightarg = int, function = int4eq)",
    "create cast (int as text) with inout as implicit",
    "create aggregate public.x (int) (sfunc = int4pl, stype = int)",
    "create extension dblink",
    "create extension pg_trgm",
    "create extension postgres_fdw",
    "create foreign data wrapper x",
    "create language plperlu",
    "create event trigger x on ddl_command_start execute function pay.stamp()",
    "create publication x for table pay.payments",
    "create publication x for all tables",
    "create subscription x connection 'dbname=x' publication x",
    "create database x",
    "create role x",
    "create user x superuser",
    "create tablespace x location '/tmp'",
    "create access method x type index handler bthandler",
    "create text search configuration public.x (copy = english)",
    "create statistics public.x on id, state from pay.payments",
    "create index on pay.payments (id)",
    "do $$ begin perform 1; end $$",
    "do language plpgsql 'begin loop end loop; end'",
    "begin; prepare transaction 'x'",
  ],
  "nothing shared is filled": [
    "select lo_create(0)",
    "select lo_creat(-1)",
    "select lo_from_bytea(0, 'x')",
    "select lo_import('/etc/passwd')",
    "select lo_export(1, '/tmp/x')",
    "select lo_put(1, 0, 'x')",
    "select pg_logical_emit_message(true, 'x', 'x')",
    "select pg_logical_emit_message(false, 'x', 'x'::bytea)",
    "select pg_notify('x', repeat('x', 7999)) from generate_series(1, 100000)",
    "select pg_advisory_lock(n) from generate_series(1, 100000) n",
    "select pg_advisory_lock_shared(1)",
    "select pg_advisory_xact_lock(1, 2)",
    "select pg_try_advisory_lock(1)",
    "select pg_try_advisory_xact_lock_shared(1)",
    "select pg_create_logical_replication_slot('x', 'pgoutput')",
    "select pg_create_physical_replication_slot('x', true)",
    "select pg_drop_replication_slot('x')",
    "select pg_replication_origin_create('x')",
    "select pg_create_restore_point('x')",
    "select pg_switch_wal()",
    "select pg_stat_reset()",
    "select pg_stat_reset_shared('bgwriter')",
    "select pg_reload_conf()",
    "select pg_rotate_logfile()",
    "select pg_promote()",
    "select pg_backup_start('x')",
    "checkpoint",
    "alter system set max_connections = 1",
    "load 'auto_explain'",
    "begin; lock table pay.audit_log in access exclusive mode",
    "begin; lock table pay.payments in access exclusive mode",
    "begin; lock table pay.ledger_entries in share mode",
    "cluster pay.payments using payments_pkey",
    "reindex table pay.payments",
    "refresh materialized view pay.payments",
  ],
  "no other is reached": [
    "set role {owner}",
    "set role postgres",
    "set role {globexRole}",
    "set session authorization {globexRole}",
    "set session authorization postgres",
    "alter role {globexRole} password 'x'",
    "alter role {globexRole} set statement_timeout = 0",
    "alter role {role} superuser",
    "alter role {role} createdb",
    "alter role {role} createrole",
    "alter role {role} replication",
    "alter role {role} bypassrls",
    "alter role {role} connection limit -1",
    "alter role {role} valid until 'infinity'",
    "alter role {role} rename to x",
    "alter role all set statement_timeout = 0",
    "alter database {database} set statement_timeout = 0",
    "alter database {database} reset all",
    "alter database {database} connection limit 1",
    "alter database {database} allow_connections false",
    "alter database {database} owner to {role}",
    "alter database {database} rename to x",
    "alter database {globexDatabase} set statement_timeout = 0",
    "grant connect on database {globexDatabase} to {role}",
    "copy pay.payments to '/tmp/x'",
    "copy pay.payments to program 'cat'",
    "copy pay.payments from program 'cat /etc/passwd'",
    "copy pay.settings from '/etc/passwd'",
    "select pg_read_file('/etc/passwd')",
    "select pg_read_binary_file('/etc/passwd')",
    "select pg_ls_dir('.')",
    "select pg_stat_file('/etc/passwd')",
    "select pg_current_logfile()",
    "select * from pg_authid",
    "select * from pg_shadow",
    "select * from pg_largeobject",
    "select * from pg_hba_file_rules",
    "select * from pg_user_mapping",
    "select * from pg_subscription",
    "select * from pg_statistic",
    "select rolpassword from pg_authid where rolname = current_user",
    "update pg_database set datacl = null",
    "update pg_class set relacl = null",
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres' and pid <> pg_backend_pid()",
    "select pg_cancel_backend(pid) from pg_stat_activity where usename = 'postgres'",
  ],
};

const table = Object.entries(statements).flatMap(([promise, list]) =>
  list.map((statement) => [promise, statement] as const),
);
test.each(table)("%s: %s", async (_, statement) => {
  const attempt = role.unsafe(filled(statement));
  const error = await attempt.then(
    (rows) => ({ code: "none", message: `it did that, and answered ${rows.length} rows` }),
    (failure) => failure,
  );
  await role.unsafe("rollback");
  expect(refusals, `${error.code}: ${error.message}`).toContain(error.code);
});

/** PostgreSQL warns and goes on: what counts is what it has changed. */
test.each([
  ["grant delete on pay.attempts to {role}", "has_table_privilege('pay.attempts', 'delete')"],
  ["grant all on all tables in schema pay to {role}", "has_table_privilege('pay.audit_log', 'update')"],
  [
    "grant connect on database {database} to {globexRole}",
    "has_database_privilege('{globexRole}', '{database}', 'connect')",
  ],
  ["grant create on schema public to {role}", "has_schema_privilege('public', 'create')"],
  [
    "grant execute on function lo_create(oid) to {role}",
    "has_function_privilege('lo_create(oid)', 'execute')",
  ],
  [
    "alter default privileges in schema pay grant all on tables to public",
    "has_table_privilege('public', 'pay.payments', 'select')",
  ],
  ["alter default privileges for role {owner} grant all on tables to {role}", "false"],
  ["vacuum full pay.payments", "false"],
  ["analyze pay.payments", "false"],
  ["discard all", "current_setting('app.tenant_id', true) is distinct from '{acme}'"],
])("%s gives nothing", async (statement, given) => {
  await role.unsafe(filled(statement)).catch(() => {});
  const [row] = await role.unsafe(filled(`select ${given} as given`));
  expect(row).toEqual({ given: false });
});

test("after all of that the tenant's rows are as they were, its log is whole and nothing new is there", async () => {
  const { operator } = platform;
  expect((await verifyAudit({ registry: operator.registry.sql, db: acme.db })).damage).toBeNull();
  const [counts] = await role`
    select (select count(*)::int from pay.attempts) as attempts, (select count(*)::int from pay.outbox) as outbox,
      (select count(*)::int from pay.webhook_events) as webhooks,
      (select count(*)::int from pg_namespace where nspname in ('x', current_user)) as schemas,
      (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks,
      (select pg_notification_queue_usage() < 0.001) as quiet`;
  expect(counts).toMatchObject({ webhooks: 1, schemas: 0, locks: 0, quiet: true });
  expect(counts?.attempts).toBeGreaterThan(0);
});

test("an instant or a number of its own choice is not taken even where a column may be changed", async () => {
  await role`update pay.settings set updated_at = '2020-01-01', value = value where key = 'seller.name'`;
  await role`
    insert into pay.flag_overrides (tenant_id, key, value, set_by) values (${ids.acme}, 'x', 'true', 'x')`;
  await role`update pay.flag_overrides set set_at = '2020-01-01' where key = 'x'`;
  await role`
    insert into pay.outbox (tenant_id, kind, payment_id, state, done_at)
    values (${ids.acme}, 'receipt_email', ${ids.payment}, 'done', '2020-01-01')`;
  await role`
    insert into pay.declines (tenant_id, subject, level, at) values (${ids.acme}, 'x', 1, '2020-01-01')`;
  await role`update pay.declines set at = '2020-01-02' where subject = 'x'`;
  await role`
    insert into pay.record_faults (tenant_id, customer_id, kind, record, why) values (${ids.acme}, '1', 'email', 'x', 'x')`;
  await role`update pay.record_faults set seen_at = '2020-01-01'`;
  await role`update pay.payments set updated_at = '2020-01-01'`;
  await role`update pay.outbox set state = 'done', done_at = '2020-01-01' where state = 'due'`;
  await addEmbedKey({ ctx: acme, input: { id: "fresh", algorithm: "HS256" } });
  await role`update pay.embed_keys set revoked_at = '2020-01-01' where id = 'fresh'`;
  const [row] = await role`
    select (select updated_at from pay.settings where key = 'seller.name') > now() - interval '1 min' as setting,
      (select set_at from pay.flag_overrides where key = 'x') > now() - interval '1 min' as flag,
      (select revoked_at from pay.embed_keys where id = 'fresh') > now() - interval '1 min' as key,
      (select min(done_at) from pay.outbox) > now() - interval '1 min' as delivery,
      (select min(at) from pay.declines) > now() - interval '1 min' as decline,
      (select min(seen_at) from pay.record_faults) > now() - interval '1 min' as fault,
      (select min(updated_at) from pay.payments) > now() - interval '1 min' as payment`;
  expect(row).toEqual({
    setting: true,
    flag: true,
    key: true,
    delivery: true,
    decline: true,
    fault: true,
    payment: true,
  });
});

test("of other tenants it sees names that are ids, and of their sessions nothing", async () => {
  await globex.db.query`select tenant_id from pay.users`;
  const seen = await role`
    select query, client_addr, application_name, state from pg_stat_activity
    where datname = ${ids.globexDatabase} and usename is distinct from current_user`;
  for (const row of seen) {
    expect(row).toMatchObject({ query: "<insufficient privilege>", client_addr: null, state: null });
  }
  const files = await role`select setting from pg_settings where name = 'data_directory'`;
  expect(files).toHaveLength(0);
});

test("what servers do they still do: the list of what is taken away is no longer than it may be", async () => {
  await second`select pg_terminate_backend(pg_backend_pid()) where false`;
  await role.begin("isolation level repeatable read read only", (tx) => tx`select pg_export_snapshot()`);
  await role`select nextval('pay.receipt_numbers')`;
  await role`select from pay.invoices for update`;
  await role`update pay.attempts set checks = checks, next_check_at = now(), leased_until = now(), last_cause = null`;
  await role`delete from pay.used_tokens`;
  await role`delete from pay.settings where key = 'nothing'`;
  await role`insert into pay.audit_log (tenant_id, actor, action, subject) values (${ids.acme}, 'customer:1', 'x', 'x')`;
});

test("a database of before is hardened by the next migration, and again without harm", async () => {
  const url = new URL(platform.address.adminUrl);
  url.pathname = `/${ids.database}`;
  const admin = postgres(url.href, { max: 1, onnotice: () => {} });
  await admin`grant execute on function pg_notify(text, text) to public`;
  await role`select pg_notify('x', 'x')`;
  for (const _ of [1, 2]) await hardenDatabase(admin, names.owner(platform.address.namespace));
  await expect(role`select pg_notify('x', 'x')`).rejects.toMatchObject({ code: "42501" });
  await admin.end();
});
