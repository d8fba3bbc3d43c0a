import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { quoteIdentifier, reserve, type Sql } from "./client.ts";

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly text: string;
  /** SHA-256 of the file, hex. */
  readonly checksum: string;
}

/** `0001_initial.sql`, `0002_….sql` …: numbered without a gap, applied in order, never edited once released. */
export function readMigrations(directory: string): Migration[] {
  const names = readdirSync(directory)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  return names.map((name, index) => {
    const version = Number.parseInt(name, 10);
    if (version !== index + 1) throw new Error(`migration ${name} should have number ${index + 1}`);
    const text = readFileSync(join(directory, name), "utf8");
    return { version, name, text, checksum: createHash("sha256").update(text).digest("hex") };
  });
}

/** "migr" in ASCII, as an advisory lock's number; locks are per database. Who migrates a database holds it. */
export const migrationLock = 0x6d696772;

/**
 * Brings the database to the last migration, each in one transaction with its record; two at once
 * wait for each other. Killed in between, it goes on where it was.
 *
 * @param owner role that will own what the migrations make; default the connected role
 * @param variables `:name` in the text is replaced by the quoted role name
 * @returns the version the database now has
 * @throws Error when an applied file was changed afterwards
 */
export async function migrate(input: {
  sql: Sql;
  migrations: readonly Migration[];
  owner?: string;
  variables?: Record<string, string>;
}): Promise<number> {
  const session = await reserve(input.sql);
  try {
    await session`select pg_advisory_lock(${migrationLock})`;
    if (input.owner) await session.unsafe(`set role ${quoteIdentifier(input.owner)}`);
    await session.unsafe(
      "create table if not exists public.schema_migrations (version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())",
    );
    const applied = await session<{ version: number; checksum: string }[]>`
      select version, checksum from public.schema_migrations order by version`;
    for (const migration of input.migrations) {
      const before = applied.find(({ version }) => version === migration.version);
      if (before && before.checksum !== migration.checksum) {
        throw new Error(`migration ${migration.name} was changed after it had been applied: add a new one`);
      }
      if (before) continue;
      const record = `insert into public.schema_migrations (version, name, checksum) values (${migration.version}, '${migration.name}', '${migration.checksum}')`;
      try {
        await session.unsafe(`begin;\n${fill(migration.text, input.variables ?? {})};\n${record};\ncommit`);
      } catch (cause) {
        await session.unsafe("rollback");
        throw new Error(`migration ${migration.name} failed: ${(cause as Error).message}`, { cause });
      }
    }
    return Math.max(
      0,
      ...input.migrations.map(({ version }) => version),
      ...applied.map(({ version }) => version),
    );
  } finally {
    await session.unsafe("reset role").catch(() => {});
    await session`select pg_advisory_unlock(${migrationLock})`.catch(() => {});
    session.release();
  }
}

/** `::type` is left alone. */
function fill(text: string, variables: Record<string, string>): string {
  return Object.entries(variables).reduce(
    (filled, [name, value]) => filled.replace(new RegExp(`(?<!:):${name}\\b`, "g"), quoteIdentifier(value)),
    text,
  );
}
