import { randomBytes } from "node:crypto";
import { quoteIdentifier, quoteLiteral } from "../../database/client.ts";
import { connect, type Sql } from "../../database/connect.ts";
import { names } from "../names.ts";
import type { Operator } from "../operator.ts";
import { administratorUrl } from "../servers/database-servers.ts";
import { ofItsOwn } from "../servers/new-database.ts";
import { migrationRoles } from "../servers/prepare-template.ts";
import type { SchemaTarget } from "./upgrade-database.ts";

/** "scra" in ASCII, the first half of an advisory lock's number; the second is the database's name. */
const lockClass = 0x73637261;

/**
 * A database on a tenant's server for the length of `run`, open to the administrator alone. Whoever uses it holds
 * a lock of its name; what a killed process left is dropped by the next.
 *
 * @param server name of the database server; null: the registry's own
 * @param tenantId whose rows it will hold; its name says so, and the caller holds the tenant's lock. Default: nobody's
 * @param template a database it shall be a copy of, which has no connections; default: it is empty
 * @throws Error with `code` 55006 when the template has connections
 */
export async function withScratchDatabase<T>(
  {
    ctx,
    server,
    tenantId,
    template,
  }: { ctx: Operator; server: string | null; tenantId?: string; template?: string | undefined },
  run: (target: SchemaTarget) => Promise<T>,
): Promise<T> {
  const adminUrl = await urlOf(ctx, server);
  const admin = connect({ url: adminUrl, max: 1, idleTimeoutSeconds: 0, lifetimeSeconds: null });
  const roles = migrationRoles(ctx.address.namespace);
  const { namespace } = ctx.address;
  const name = tenantId
    ? names.beside(namespace, tenantId, "dryrun")
    : names.scratch(namespace, randomBytes(8).toString("hex"));
  try {
    await sweep(admin, namespace);
    await admin`select pg_advisory_lock(${lockClass}, hashtext(${name}))`;
    await drop(admin, name);
    const database = quoteIdentifier(name);
    await admin.unsafe(
      `create database ${database} owner ${quoteIdentifier(roles.owner)} allow_connections false
       ${template ? `template ${quoteIdentifier(template)}` : await ofItsOwn(admin)}`,
    );
    await admin.unsafe(
      `revoke all on database ${database} from public; alter database ${database} allow_connections true`,
    );
    const url = new URL(adminUrl);
    url.pathname = `/${name}`;
    try {
      return await run({ url: url.href, ...roles });
    } finally {
      await drop(admin, name);
    }
  } finally {
    await admin.end({ timeout: 2 });
  }
}

/** Drops what killed processes left, on every server that answers. */
export async function sweepScratchDatabases({ ctx }: { ctx: Operator }): Promise<void> {
  const servers = await ctx.registry.sql<{ name: string }[]>`select name from database_servers`;
  for (const server of [null, ...servers.map(({ name }) => name)]) {
    const admin = connect({ url: await urlOf(ctx, server), max: 1 });
    try {
      await sweep(admin, ctx.address.namespace);
    } catch (error) {
      if (server === null) throw error;
      // One that is down is swept another time.
    } finally {
      await admin.end({ timeout: 2 });
    }
  }
}

const urlOf = (ctx: Operator, server: string | null) =>
  administratorUrl({ ctx, server: server === null ? null : { name: server } });

async function sweep(admin: Sql, namespace: string): Promise<void> {
  const left = await admin<{ name: string }[]>`
    select datname as name from pg_database where starts_with(datname, ${names.scratch(namespace)})`;
  for (const { name } of left) {
    const lock = `${lockClass}, hashtext(${quoteLiteral(name)})`;
    const [row] = await admin.unsafe<{ free: boolean }[]>(`select pg_try_advisory_lock(${lock}) as free`);
    if (!row?.free) continue;
    await drop(admin, name);
    await admin.unsafe(`select pg_advisory_unlock(${lock})`);
  }
}

const drop = (admin: Sql, name: string) =>
  admin.unsafe(`drop database if exists ${quoteIdentifier(name)} with (force)`);
