import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { quoteIdentifier } from "../../../database/client.ts";
import { connect, type Sql } from "../../../database/connect.ts";
import { names } from "../../names.ts";
import type { Operator } from "../../operator.ts";
import { administratorUrl } from "../../servers/database-servers.ts";
import { ofItsOwn } from "../../servers/new-database.ts";
import { type Contents, contentsSession, difference, readContents } from "../contents.ts";
import { findPrograms } from "../programs/find-programs.ts";
import { startProgram, targetOf } from "../programs/run-program.ts";
import type { BackupSettings } from "../settings.ts";
import { RestoredDiffers } from "./errors.ts";

/** A database on a tenant's server. */
export interface DatabasePlace {
  readonly ctx: Operator;
  readonly server: { readonly name: string } | null;
  readonly database: string;
}

/**
 * Fills a new database of that name from a dump; one that is there already is dropped first: it is half of
 * something. Closed to every role but the administrator.
 *
 * @param source pg_dump's custom format
 * @param complete settles when the source has ended well
 */
export async function loadDatabase(input: {
  place: DatabasePlace;
  settings: BackupSettings;
  source: Readable;
  complete: Promise<void>;
}): Promise<void> {
  const { place, settings, source, complete } = input;
  const owner = names.owner(place.ctx.address.namespace);
  const major = await asServerAdministrator(place, async (admin) => {
    const name = quoteIdentifier(place.database);
    await admin.unsafe(`drop database if exists ${name} with (force)`);
    await admin.unsafe(
      `create database ${name} owner ${quoteIdentifier(owner)} ${await ofItsOwn(admin)} allow_connections false`,
    );
    await admin.unsafe(
      `revoke all on database ${name} from public; alter database ${name} allow_connections true`,
    );
    return majorOf(admin);
  });
  const url = await administratorUrl(place);
  const restore = startProgram({
    program: join(findPrograms({ major, pgBin: settings.pgBin }).folder, "pg_restore"),
    target: targetOf(url),
    args: [
      `--dbname=${place.database}`,
      `--role=${owner}`,
      "--no-owner",
      "--exit-on-error",
      "--single-transaction",
    ],
  });
  restore.stdout.resume();
  try {
    await pipeline(source, restore.stdin).catch((error) => {
      // It has ended already and says why itself.
      if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
    });
    await allOf([complete, restore.ended]);
  } finally {
    restore.kill();
  }
}

/** Either side's failure makes the other fail too, and only one of them says why. */
async function allOf(ends: readonly Promise<void>[]): Promise<void> {
  const settled = await Promise.allSettled(ends);
  const reasons = settled.filter((end) => end.status === "rejected").map(({ reason }) => reason as Error);
  const [cause] = reasons;
  if (cause) throw new Error([...new Set(reasons.map(({ message }) => message))].join("; "), { cause });
}

/** @throws RestoredDiffers */
export async function requireContents(place: DatabasePlace, expected: Contents): Promise<void> {
  const found = await withOwner(place, readContents);
  const differs = difference(expected, found);
  if (differs) throw new RestoredDiffers(`${place.database}: ${differs}`);
}

/** In a database as the role that owns its tables, in one transaction: sees every row, whoever may log in. */
export async function withOwner<T>(
  place: DatabasePlace,
  run: (sql: Pick<Sql, "unsafe">) => Promise<T>,
): Promise<T> {
  const url = await administratorUrl(place);
  return asOwnerAt({ sql: connect({ url, max: 1, session: contentsSession }), ctx: place.ctx }, run);
}

/** As `withOwner`, on a connection that is closed afterwards. */
export async function asOwnerAt<T>(
  { sql, ctx }: { sql: Sql; ctx: Operator },
  run: (sql: Pick<Sql, "unsafe">) => Promise<T>,
): Promise<T> {
  const owner = quoteIdentifier(names.owner(ctx.address.namespace));
  try {
    const answer = await sql.begin("isolation level repeatable read", async (transaction) => {
      await transaction.unsafe(`set local role ${owner}`);
      return { value: await run(transaction) };
    });
    return answer.value as T;
  } finally {
    await sql.end({ timeout: 2 });
  }
}

/**
 * Asked of a replaced database before a table is read: that somebody dropped it may be why the tenant is brought back.
 *
 * @param table `schema.name`, quoted where it must be
 */
export async function isThere(sql: Pick<Sql, "unsafe">, table: string): Promise<boolean> {
  const [row] = await sql.unsafe<{ found: boolean }[]>("select to_regclass($1) is not null as found", [
    table,
  ]);
  return row?.found === true;
}

export async function asServerAdministrator<T>(
  { ctx, server }: Pick<DatabasePlace, "ctx" | "server">,
  run: (sql: Sql) => Promise<T>,
): Promise<T> {
  const sql = connect({ url: await administratorUrl({ ctx, server }), max: 1 });
  try {
    return await run(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
}

async function majorOf(sql: Sql): Promise<number> {
  const [row] = await sql<{ major: number }[]>`
    select current_setting('server_version_num')::int / 10000 as major`;
  return Number(row?.major);
}

export const dropDatabase = (place: DatabasePlace): Promise<unknown> =>
  asServerAdministrator(place, (admin) =>
    admin.unsafe(`drop database if exists ${quoteIdentifier(place.database)} with (force)`),
  );
