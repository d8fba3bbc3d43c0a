import { z } from "zod";
import { auditName } from "../../actor/actor.ts";
import { isUnavailable } from "../../database/client.ts";
import { connect, type Sql } from "../../database/connect.ts";
import { openPlatformKeys } from "../../registry/platform-key.ts";
import type { DatabaseServer } from "../../registry/tenant-record.ts";
import { administratorPlace, administratorUrl, storedAdministratorUrl } from "../administrator-url.ts";
import type { Operator } from "../operator.ts";
import { prepareServer, refuseUnfit } from "./prepare-server.ts";
import { tryRights } from "./rights.ts";
import { isSameServer } from "./same-server.ts";

export { administratorUrl } from "../administrator-url.ts";

/** What commands call the registry's own server, which has no row. */
export const mainServer = "main";

const port = z.number().int().min(1).max(65_535);

export const NewDatabaseServer = z.strictObject({
  /** Lower-case letters, digits, hyphens; 2 to 40 characters; not `main`. */
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/, "2 to 40 lower-case letters, digits, hyphens")
    .refine((name) => name !== mainServer, "main is the registry's own server"),
  /** Of a role that may create databases and roles; stored encrypted. */
  adminUrl: z.url({ protocol: /^postgres(ql)?$/ }),
  /** PgBouncer in transaction mode, where tenants' pools connect instead. Default: straight to the server. */
  pooler: z
    .strictObject({ host: z.string().min(1), port })
    .nullable()
    .default(null),
});
export type NewDatabaseServer = z.input<typeof NewDatabaseServer>;

/**
 * Makes on a PostgreSQL server what tenants need, and tells the registry of it.
 *
 * @throws Error when the name is taken, the server does not answer or is older than 15, or with all the rights that
 * its role lacks to make tenants there, move, restore and destroy them
 */
export async function addDatabaseServer({
  ctx,
  input,
}: {
  ctx: Operator;
  input: NewDatabaseServer;
}): Promise<DatabaseServer> {
  const { name, adminUrl, pooler } = NewDatabaseServer.parse(input);
  const url = new URL(adminUrl);
  const [host, portNumber] = [url.hostname, Number(url.port || 5432)];
  const known = (await listDatabaseServers({ ctx })).map((server) => server.name);
  if (known.includes(name)) throw new Error(`there is a database server ${name} already`);
  await requireRights({ adminUrl, namespace: ctx.address.namespace });
  await prepareServer({ adminUrl, namespace: ctx.address.namespace });
  const keys = await openPlatformKeys(ctx.registry);
  const secret = keys.seal(administratorPlace(name), adminUrl);
  await ctx.registry.sql`
    with server as (
      insert into database_servers (name, host, port, pooler_host, pooler_port, admin_secret, admin_key_version)
      values (${name}, ${host}, ${portNumber}, ${pooler?.host ?? null}, ${pooler?.port ?? null},
        ${secret.ciphertext}, ${secret.keyVersion})
      returning name
    )
    insert into operator_audit (operator, action, detail)
    select ${auditName(ctx.actor)}, 'database_server.add', jsonb_build_object('name', name) from server`;
  return { name, host, port: portNumber, pooler };
}

/** Before anything is made there. */
async function requireRights(input: { adminUrl: string; namespace: string }): Promise<void> {
  const { adminUrl, namespace } = input;
  const admin = connect({ url: adminUrl, max: 1 });
  try {
    await refuseUnfit({ admin, namespace, needed: ["making", "operating"] });
    await tryRights({ admin, namespace });
  } finally {
    await admin.end({ timeout: 2 });
  }
}

/**
 * What a server is called already that is reached by another address. One that does not answer is taken for
 * another: it may be why this one is added.
 *
 * @returns null: it is none of the known ones
 */
export async function findSameServer(input: { ctx: Operator; adminUrl: string }): Promise<string | null> {
  const { ctx, adminUrl } = input;
  for (const server of [null, ...(await listDatabaseServers({ ctx }))]) {
    const knownUrl = await administratorUrl({ ctx, server });
    const same = await isSameServer(knownUrl, adminUrl).catch((error) => {
      if (isUnavailable(error)) return false;
      throw error;
    });
    if (same) return server?.name ?? mainServer;
  }
  return null;
}

/**
 * Forgets a server where no tenant lives. Nothing is changed there: old copies that a move left were dropped when it
 * was confirmed.
 *
 * @throws Error when the registry knows none of that name, a tenant lives there, or an open move leads to or from it
 */
export async function removeDatabaseServer({
  ctx,
  input: { name },
}: {
  ctx: Operator;
  input: { name: string };
}): Promise<void> {
  await requireDatabaseServer(ctx, name);
  await ctx.registry.sql.begin(async (sql) => {
    // Nobody is sent there meanwhile.
    await sql`lock table tenants, moves in share row exclusive mode`;
    const [user] = await sql<{ slug: string; moves: boolean }[]>`
      select slug, true as moves from moves
      where ${name} in (from_server, to_server) and confirmed_at is null and aborted_at is null
      union all select slug, false from tenants where database_server = ${name} limit 1`;
    if (user?.moves) {
      throw new Error(`a move of ${user.slug} is open: clarity tenant move-confirm or move-abort ends it`);
    }
    if (user) {
      throw new Error(
        `${user.slug} lives there: clarity tenant move ${user.slug} --database-server brings it away`,
      );
    }
    await sql`delete from database_servers where name = ${name}`;
    await sql`
      insert into operator_audit (operator, action, detail)
      values (${auditName(ctx.actor)}, 'database_server.remove', jsonb_build_object('name', ${name}::text))`;
  });
}

/** Those beside the registry's own, by name. */
export async function listDatabaseServers({
  ctx,
}: {
  ctx: Operator;
}): Promise<(DatabaseServer & { tenants: number })[]> {
  const rows = await ctx.registry.sql<
    { name: string; host: string; port: number; pooler_host: string | null; pooler_port: number; n: number }[]
  >`
    select s.*, (select count(*)::int from tenants where database_server = s.name) as n
    from database_servers s order by s.name`;
  return rows.map(({ name, host, port, pooler_host, pooler_port, n }) => ({
    name,
    host,
    port,
    pooler: pooler_host === null ? null : { host: pooler_host, port: pooler_port },
    tenants: n,
  }));
}

/** Again what `addDatabaseServer` makes there: after an upgrade, the template of this code's schema. */
export async function prepareDatabaseServer({
  ctx,
  input: { name },
}: {
  ctx: Operator;
  input: { name: string };
}): Promise<void> {
  const adminUrl = await administratorUrl({ ctx, server: { name } });
  await prepareServer({ adminUrl, namespace: ctx.address.namespace });
  await ctx.registry.audit({ actor: ctx.actor, action: "database_server.prepare", detail: { name } });
}

/** @param name null: the registry's own. @throws Error when the registry knows none of that name */
export async function requireDatabaseServer(ctx: Operator, name: string | null): Promise<void> {
  if (name !== null) await storedAdministratorUrl(ctx, name);
}

/** One connection as the server's administrator, ended after `work`. */
export async function asAdministrator<T>(input: {
  ctx: Operator;
  server: { name: string } | null;
  work: (sql: Sql) => Promise<T>;
}): Promise<T> {
  const { ctx, server, work } = input;
  const sql = connect({ url: await administratorUrl({ ctx, server }), max: 1 });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
