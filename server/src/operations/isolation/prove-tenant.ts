import { randomUUID } from "node:crypto";
import { errorCode } from "../../database/client.ts";
import { connect, type Sql } from "../../database/connect.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { sessionLimits } from "../../tenant/role-defaults.ts";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import { connectionUrl } from "../../tenant/tenants.ts";
import { names } from "../names.ts";
import type { Operator } from "../operator.ts";
import { asAdministrator, asOwner } from "../servers/tenant-server.ts";

export interface Proof {
  promise: string;
  holds: boolean;
  /** What was seen; no row values. */
  found: string;
}

interface Subject {
  ctx: Operator;
  record: TenantRecord;
  /** Databases of other tenants on its server, to knock at. */
  others: readonly string[];
}

/** Tries, against the running PostgreSQL, what must not work. Changes nothing. */
export async function proveTenant(subject: Subject): Promise<Proof[]> {
  const url = await connectionUrl({ registry: subject.ctx.registry, record: subject.record });
  return [
    await proveRole(url),
    await proveDoors({ ...subject, url }),
    await proveTables(subject),
    await proveSession({ url, session: randomUUID(), promise: "a session of another tenant finds no row" }),
    await proveSession({ url, session: null, promise: "a session of no tenant finds no row" }),
  ];
}

async function proveRole(url: string): Promise<Proof> {
  const promise = "its role is no superuser, makes no roles or databases, and is bound by row-level security";
  const [role] = await briefly(
    url,
    null,
    (sql) => sql<Record<string, boolean>[]>`
      select rolsuper as superuser, rolcreatedb as createdb, rolcreaterole as createrole,
        rolbypassrls as bypassrls, rolreplication as replication
      from pg_roles where rolname = current_user`,
  );
  const powers = Object.entries(role ?? {}).flatMap(([power, has]) => (has ? [power] : []));
  return {
    promise,
    holds: role !== undefined && powers.length === 0,
    found: powers.join(", ") || "none of these",
  };
}

/** No right to connect, or a database nobody may connect to. */
const refused = ["42501", "55000"];
/** No such role, or another password: before a database is asked for. */
const turnedAway = ["28P01", "28000"];

interface Door {
  url: string;
  shutBy: readonly string[];
}

/**
 * Each door is knocked at where it stands. What answers that there is no such database proves nothing of a door,
 * so those of the tenant's own server are looked up first.
 */
async function proveDoors(subject: Subject & { url: string }): Promise<Proof> {
  const { ctx, url, others } = subject;
  const template = names.template(ctx.address.namespace, latestSchemaVersion());
  const beside = await existing(subject, [template, ...others]);
  const doors: Door[] = [
    { url: withCredentials(ctx.address.registryUrl, url), shutBy: [...refused, ...turnedAway] },
    ...beside.map((database) => ({ url: inDatabase(url, database), shutBy: refused })),
  ];
  const open: string[] = [];
  for (const door of doors) {
    const answer = await briefly(door.url, null, (sql) => sql`select 1`).catch(errorCode);
    if (typeof answer === "string" && door.shutBy.includes(answer)) continue;
    const name = new URL(door.url).pathname.slice(1);
    open.push(typeof answer === "string" ? `${name} (it answers ${answer})` : name);
  }
  return {
    promise: "its role enters neither the registry, nor the template, nor another tenant's database",
    holds: open.length === 0,
    found:
      open.length === 0 ? `refused at ${describe(beside, template)}` : `not refused at ${open.join(", ")}`,
  };
}

/** Of these, the databases that the tenant's server has: one prepared by other code has another template. */
async function existing(subject: Subject, databases: string[]): Promise<string[]> {
  const found = await asAdministrator(
    subject,
    (sql) => sql<{ name: string }[]>`
      select datname as name from pg_database where datname = any(${databases}::text[]) order by datname`,
  );
  return found.map(({ name }) => name);
}

function withCredentials(place: string, of: string): string {
  const [url, { username, password }] = [new URL(place), new URL(of)];
  return Object.assign(url, { username, password }).href;
}

function inDatabase(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href;
}

function describe(beside: readonly string[], template: string): string {
  const tenants = beside.filter((name) => name !== template).length;
  const parts = ["the registry", ...(tenants < beside.length ? ["the template"] : [])];
  return [...parts, `${tenants} of other tenants' databases`].join(", ");
}

async function proveTables(subject: Subject): Promise<Proof> {
  const { role, name } = subject.record.database;
  const bare = await asOwner(subject, (sql) =>
    sql.unsafe<{ tablename: string }[]>(`
      select tablename from pg_tables
      where schemaname = 'pay' and (not rowsecurity or tableowner = '${role}')
      union all
      -- A view reads as its owner, whom row-level security does not bind, unless it reads as who asks.
      select relname from pg_class
      where relnamespace = 'pay'::regnamespace and relkind in ('v', 'm')
        and not coalesce((
          select option_value::boolean from pg_options_to_table(reloptions)
          where option_name = 'security_invoker'), false)`),
  );
  const [owner] = await asOwner(subject, (sql) =>
    sql.unsafe<{ tenant: string | null }[]>(
      "select shobj_description(oid, 'pg_database') as tenant from pg_database where datname = current_database()",
    ),
  );
  const wrong = bare.map(({ tablename }) => tablename);
  if (owner?.tenant !== subject.record.id) wrong.push(`${name} does not say that it is this tenant's`);
  return {
    promise:
      "row-level security is on for every table and view, and the role owns none; the database says whose it is",
    holds: wrong.length === 0,
    found: wrong.join(", ") || "on for all",
  };
}

async function proveSession(input: { url: string; session: string | null; promise: string }): Promise<Proof> {
  const { url, session, promise } = input;
  const seen = await briefly(url, session, async (sql) => {
    const tables = await sql<{ tablename: string }[]>`
      select relname as tablename from pg_class
      where relnamespace = 'pay'::regnamespace and relkind in ('r', 'p', 'v', 'm')
        and has_table_privilege(oid, 'select')`;
    const rows = tables.map(({ tablename }) => sql`select count(*)::int as n from pay.${sql(tablename)}`);
    const counts = (await Promise.all(rows)).map(
      ([row], index) => [tables[index]?.tablename, row?.n] as const,
    );
    return { tables: tables.length, filled: counts.filter(([, n]) => n !== 0) };
  });
  return {
    promise,
    holds: seen.tables > 0 && seen.filled.length === 0,
    found:
      seen.filled.map(([name, n]) => `${n} rows of ${name}`).join(", ") || `0 rows of ${seen.tables} tables`,
  };
}

async function briefly<T>(
  url: string,
  tenantId: string | null,
  run: (sql: Sql) => PromiseLike<T>,
): Promise<T> {
  const sql = connect({
    url,
    max: 1,
    session: { ...sessionLimits, ...(tenantId !== null && { "app.tenant_id": tenantId }) },
  });
  try {
    return await run(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
}
