import { setTimeout as delay } from "node:timers/promises";
import { errorCode, quoteIdentifier, quoteLiteral } from "../../database/client.ts";
import { connect, type Sql } from "../../database/connect.ts";
import { applyStatements, type Migration, migrationLock } from "../../database/migrate.ts";
import { hardenDatabase } from "../servers/harden-database.ts";
import { describePostgresError, isLasting, SchemaFailure } from "./failure.ts";

/** A tenant's database, reached as the administrator. */
export interface SchemaTarget {
  readonly url: string;
  /** Owns what migrations make. */
  readonly owner: string;
  /** `:name` in their text. */
  readonly variables: Record<string, string>;
}

/**
 * DDL waits no longer for a lock: whoever comes behind it waits too, and the tenant stands still.
 * It is tried again after each pause; all in all longer than the 15 s a tenant's statement may take.
 */
const lockTimeoutMs = 1_000;
const pausesMs = [250, 500, 1_000, 2_000, 4_000, 4_000, 4_000];

/** Our own SQLSTATE: the database is not at the version we thought. */
const otherVersion = "M0001";
/** Lock not had in time, deadlock, serialisation failure: the same again may pass. */
const mayPass = new Set(["55P03", "40P01", "40001"]);

/**
 * Brings one database from a version to another: connect, one message, done. In that message each migration is a
 * transaction of its own that takes the migration lock, checks what is applied, and records itself. A
 * database at another version than thought, or killed half-way before, is asked and goes on from there.
 *
 * @param from what the database is thought to be at
 * @param to at or above `from`
 * @returns the version it is at; above `to` when newer code was here
 * @throws SchemaFailure
 */
export async function upgradeDatabase(input: {
  target: SchemaTarget;
  migrations: readonly Migration[];
  from: number;
  to: number;
}): Promise<number> {
  const { target, migrations, to } = input;
  const sql = connect({ url: target.url, max: 1 });
  const pauses = [...pausesMs];
  let from = input.from;
  try {
    for (;;) {
      try {
        await sql.unsafe(upgradeMessage({ ...input, from }));
        await hardenDatabase(sql, target.owner);
        return Math.max(from, to);
      } catch (error) {
        const version = await versionAfter(error, { sql, migrations });
        const code = errorCode(error);
        if (code === otherVersion && version >= to) return version;
        if (code !== otherVersion) {
          const pauseMs = mayPass.has(code) ? pauses.shift() : undefined;
          if (pauseMs === undefined) throw failureOf(error, { version, migrations });
          await delay(pauseMs);
        }
        from = version;
      }
    }
  } finally {
    await sql.end({ timeout: 2 });
  }
}

function upgradeMessage(input: {
  target: SchemaTarget;
  migrations: readonly Migration[];
  from: number;
  to: number;
}): string {
  const { target, migrations, from, to } = input;
  const pending = migrations.slice(from, to);
  const first = inTransaction({ target, expected: migrations.slice(0, from), statements: "" });
  if (pending.length === 0) return first;
  return pending
    .map((migration, index) =>
      inTransaction({
        target,
        expected: migrations.slice(0, from + index),
        statements: applyStatements(migration, target.variables),
      }),
    )
    .join("");
}

/** Lock, check, statements: whole, or nothing and an error. For the simple protocol, which takes them in one message. */
export function inTransaction(input: {
  target: SchemaTarget;
  expected: readonly Migration[];
  statements: string;
}): string {
  const { target, expected, statements } = input;
  const applied = expected.map(({ version, checksum }) => `${version}:${checksum}`).join(",");
  return `begin;
    set local lock_timeout = ${lockTimeoutMs};
    set local role ${quoteIdentifier(target.owner)};
    select pg_advisory_xact_lock(${migrationLock});
    do $check$ begin
      if (select coalesce(string_agg(version || ':' || checksum, ',' order by version), '')
          from public.schema_migrations) <> ${quoteLiteral(applied)} then
        raise exception 'other migrations were applied than thought' using errcode = '${otherVersion}';
      end if;
    end $check$;
    ${statements};
    commit;\n`;
}

/** @throws SchemaFailure when the database does not answer, or was not made by these migrations */
async function versionAfter(
  error: unknown,
  { sql, migrations }: { sql: Sql; migrations: readonly Migration[] },
): Promise<number> {
  try {
    await sql.unsafe("rollback");
    return await readVersion({ sql, migrations });
  } catch (cause) {
    if (cause instanceof SchemaFailure) throw cause;
    throw new SchemaFailure(`its database: ${describePostgresError(error)}`, {
      lasting: false,
      version: null,
      cause: error,
    });
  }
}

/**
 * The last migration that was applied.
 *
 * @throws SchemaFailure when one was changed afterwards, or is missing between others
 */
export async function readVersion({
  sql,
  migrations,
}: {
  sql: Pick<Sql, "unsafe">;
  migrations: readonly Migration[];
}): Promise<number> {
  const applied = await sql.unsafe<{ version: number; name: string; checksum: string }[]>(
    "select version, name, checksum from public.schema_migrations order by version",
  );
  const wrong = applied.find(({ version, checksum }, index) => {
    const known = migrations[index];
    return version !== index + 1 || (known && known.checksum !== checksum);
  });
  if (wrong) {
    const words =
      wrong.version === migrations.find(({ name }) => name === wrong.name)?.version
        ? "was changed after it had been applied"
        : "is not among this code's migrations, or one before it is missing";
    throw new SchemaFailure(`migration ${wrong.name} ${words}`, { lasting: true, version: null });
  }
  return applied.length;
}

function failureOf(
  error: unknown,
  { version, migrations }: { version: number; migrations: readonly Migration[] },
): SchemaFailure {
  const name = migrations[version]?.name ?? "the migration";
  const busy = errorCode(error) === "55P03";
  const words = busy ? "its tables stay locked by a long statement" : describePostgresError(error);
  return new SchemaFailure(`${name}: ${words}`, { lasting: isLasting(error), version, cause: error });
}
