import { PassThrough } from "node:stream";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { names } from "../operations/names.ts";
import { createLogger } from "../telemetry/log.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { IsolationBreach } from "./errors.ts";
import { isolationBreaches } from "./result-monitor.ts";
import { latestSchemaVersion } from "./schema.ts";
import { connectionUrl, type OpenTenant, openTenants } from "./tenants.ts";

let platform: TestPlatform;
let acme: OpenTenant;
let globex: OpenTenant;

beforeAll(async () => {
  platform = await testPlatform();
  acme = await platform.createTenant("acme");
  globex = await platform.createTenant("globex");
});
afterAll(() => platform.close());

const urlOf = ({ record }: OpenTenant) => connectionUrl({ registry: platform.operator.registry, record });

const breachCount = async () => (await isolationBreaches.get()).values[0]?.value ?? 0;

const breachesAudited = () => platform.operator.registry.sql<
  { tenant_id: string; detail: { found: string } }[]
>`
  select tenant_id, detail from operator_audit where action = 'isolation.breach' order by id`;

/** Superuser in a tenant's database. */
async function inside<T>(open: OpenTenant, run: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const url = new URL(platform.address.adminUrl);
  url.pathname = `/${open.record.database.name}`;
  const sql = postgres(url.href, { max: 1, onnotice: () => {} });
  try {
    return await run(sql);
  } finally {
    await sql.end();
  }
}

async function connectWith(url: string, database: string): Promise<unknown> {
  const target = new URL(url);
  target.pathname = `/${database}`;
  const sql = postgres(target.href, { max: 1 });
  try {
    return await sql`select 1`;
  } finally {
    await sql.end();
  }
}

test("a tenant's role enters its own database and no other: not another tenant's, the template or the registry", async () => {
  const url = await urlOf(acme);
  const { namespace } = platform.address;
  await expect(connectWith(url, acme.record.database.name)).resolves.toHaveLength(1);
  const refused = { code: expect.stringMatching(/^(42501|55000)$/) };
  const others = [
    globex.record.database.name,
    names.registry(namespace),
    names.template(namespace, latestSchemaVersion()),
    // The embedded server closes these too.
    "postgres",
    "template1",
  ];
  for (const database of others) await expect(connectWith(url, database)).rejects.toMatchObject(refused);
});

test("the registry's role enters no tenant's database", async () => {
  await expect(connectWith(platform.address.registryUrl, acme.record.database.name)).rejects.toMatchObject({
    code: "42501",
  });
});

test("a tenant's role is nobody special: no superuser, no role or database making, no bypass of row-level security", async () => {
  const [role] = await platform.operator.admin`
    select rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolreplication
    from pg_roles where rolname = ${acme.record.database.role}`;
  expect(Object.values(role ?? {})).toEqual([false, false, false, false, false]);
  const owned = await inside(
    acme,
    (sql) => sql`select tableowner, rowsecurity from pg_tables where schemaname = 'pay'`,
  );
  expect(owned.length).toBeGreaterThan(10);
  for (const table of owned) {
    expect(table).toEqual({ tableowner: names.owner(platform.address.namespace), rowsecurity: true });
  }
});

test("acme's context with globex's connection string reads nothing, writes nothing, and is noticed", async () => {
  const before = await breachCount();
  // Row-level security alone, without our pools: the session speaks for acme in globex's database.
  const wrong = postgres(await urlOf(globex), { max: 1, connection: { "app.tenant_id": acme.tenant.id } });
  expect(await wrong`select * from pay.settings`).toHaveLength(0);
  await expect(
    wrong`insert into pay.settings (tenant_id, key, value) values (${globex.tenant.id}, 'flags', '{}')`,
  ).rejects.toMatchObject({ code: "42501" });
  expect(await wrong`update pay.settings set value = '1' returning *`).toHaveLength(0);
  await wrong.end();

  // The same mistake in the registry: the pool asks the database whose it is before the first answer.
  const { sql } = platform.operator.registry;
  const copied = await openedWithGlobexDatabase();
  await expect(copied.db.query`select tenant_id from pay.settings`).rejects.toBeInstanceOf(IsolationBreach);
  expect(await breachCount()).toBe(before + 1);
  expect((await breachesAudited()).at(-1)).toMatchObject({
    tenant_id: acme.tenant.id,
    detail: { found: `the database of ${globex.tenant.id}` },
  });
  await sql`update tenants set database_name = ${acme.record.database.name}, login_role = ${acme.record.database.role},
    connection_secret = ${acme.record.database.password.ciphertext}, updated_at = clock_timestamp()
    where id = ${acme.tenant.id}`;
});

/** acme's registry row after somebody wrote globex's database, role and password into it. */
async function openedWithGlobexDatabase(): Promise<OpenTenant> {
  const { sql } = platform.operator.registry;
  const globexPassword = new URL(await urlOf(globex)).password;
  const secret = acme.keys.seal("connection", globexPassword);
  await platform.rewriteRegistry(`alter table tenants drop constraint if exists tenants_database_name_key,
    drop constraint if exists tenants_login_role_key`);
  await sql`
    update tenants set database_name = ${globex.record.database.name}, login_role = ${globex.record.database.role},
      connection_secret = ${Buffer.from(secret.ciphertext)}, updated_at = clock_timestamp() where id = ${acme.tenant.id}`;
  return platform.operator.tenants.open(acme.tenant.id);
}

test("a foreign row forced past row-level security stops the answer, is counted, audited and alerted", async () => {
  // Owned by a superuser, whom row-level security does not bind, and not security_invoker.
  await inside(acme, async (sql) => {
    await sql`create view pay.leak as
      select * from (values (${sql.unsafe(`'${acme.tenant.id}'::uuid`)}), (${sql.unsafe(`'${globex.tenant.id}'::uuid`)})) as leaked (tenant_id)`;
    await sql.unsafe(`grant select on pay.leak to "${names.tenants(platform.address.namespace)}"`);
  });
  const lines: string[] = [];
  const destination = new PassThrough().on("data", (line) => lines.push(String(line)));
  const tenants = openTenants({
    registry: platform.operator.registry,
    log: createLogger({ name: "test", destination }),
  });
  const { db } = await tenants.open(acme.tenant.id);
  const before = await breachCount();
  await expect(db.query`select * from pay.leak`).rejects.toBeInstanceOf(IsolationBreach);
  expect(await breachCount()).toBe(before + 1);
  expect((await breachesAudited()).at(-1)).toMatchObject({
    detail: { found: `a row of ${globex.tenant.id}` },
  });
  expect(JSON.parse(lines[0] ?? "{}")).toMatchObject({ level: 60, tenantId: acme.tenant.id });
  await tenants.close();
});

test("a row that does not say whose it is stops the answer", async () => {
  const open = await platform.operator.tenants.open(acme.tenant.id);
  const nobodys = open.db.query<{ tenant_id: string }>`select 1 as one`;
  await expect(nobodys).rejects.toThrow("a row without tenant_id");
});

test("without a tenant in the session there are no rows and no writes", async () => {
  const sql = postgres(await urlOf(globex), { max: 1 });
  expect(await sql`select * from pay.users`).toHaveLength(0);
  await expect(
    sql`insert into pay.customers (tenant_id, id, name, synced_at) values (${globex.tenant.id}, '1', 'x', now())`,
  ).rejects.toMatchObject({ code: "42501" });
  await sql.end();
});

test("the audit log and the ledger cannot be changed by the tenant's role", async () => {
  for (const table of ["audit_log", "ledger_entries"]) {
    const sql = postgres(await urlOf(globex), { max: 1, connection: { "app.tenant_id": globex.tenant.id } });
    await expect(sql`update pay.${sql(table)} set tenant_id = tenant_id`).rejects.toMatchObject({
      code: "42501",
    });
    await expect(sql`delete from pay.${sql(table)}`).rejects.toMatchObject({ code: "42501" });
    await sql.end();
  }
});

test("work across tenants is audited with its reason before anything is read, and opens each with its own role", async () => {
  const elevated = await platform.operator.tenants.elevated({
    actor: { kind: "operator", name: "ada" },
    reason: "ticket 12",
  });
  const seen = await elevated.each(async ({ db }) => {
    const [row] = await db.query<{ tenant_id: string; role: string }>`
      select tenant_id, current_user as role from pay.users`;
    return row?.role;
  });
  expect(seen.map(({ tenant, result }) => [tenant.slug, result])).toEqual([
    ["acme", acme.record.database.role],
    ["globex", globex.record.database.role],
  ]);
  const audited = await platform.operator.registry.sql`
    select operator, detail from operator_audit where action = 'tenants.elevated'`;
  expect(audited).toEqual([{ operator: "operator:ada", detail: { reason: "ticket 12" } }]);
  for (const { db } of [acme, globex]) {
    const entries = await db.query`
      select tenant_id, actor, detail from pay.audit_log where action = 'tenant.entered'`;
    expect(entries).toMatchObject([{ actor: "operator:ada", detail: { reason: "ticket 12" } }]);
  }
});

test("a tenant whose audit log takes no row is not entered", async () => {
  const group = names.tenants(platform.address.namespace);
  const insert = "insert (tenant_id, actor, action, subject, detail) on pay.audit_log";
  await inside(globex, (sql) => sql.unsafe(`revoke ${insert} from "${group}"`));
  const elevated = await platform.operator.tenants.elevated({
    actor: { kind: "operator", name: "ada" },
    reason: "ticket 13",
  });
  const seen = await elevated.each(async ({ tenant }) => tenant.slug);
  await inside(globex, (sql) => sql.unsafe(`grant ${insert} to "${group}"`));
  expect(seen.map(({ result }) => result)).toEqual(["acme", expect.objectContaining({ code: "42501" })]);
});
