import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { quoteIdentifier, quoteLiteral } from "./client.ts";
import type { Sql } from "./connect.ts";

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly text: string;
  /** SHA-256 of the file, hex. */
  readonly checksum: string;
  /** `expand` only adds: code from before it lives on. `contract` takes away what older code needs. */
  readonly phase: "expand" | "contract";
  /** Whether the code it was released with cannot do without it. */
  readonly needed: boolean;
  /** What takes it back: `0008_name.down.sql` beside `0008_name.sql`. null: nothing does. */
  readonly down: string | null;
}

/**
 * `0001_initial.sql`, `0002_….sql` …: numbered without a gap, applied in order, never edited once released.
 * Comments at the head of a file say more: `-- phase: expand|contract` (default expand) and
 * `-- needed: yes|no` (default yes; a contract migration never is).
 */
export function readMigrations(directory: string): Migration[] {
  const files = readdirSync(directory).filter((name) => name.endsWith(".sql"));
  const names = files.filter((name) => !name.endsWith(downEnding)).sort();
  const stray = files.find((name) => name.endsWith(downEnding) && !names.includes(upOf(name)));
  if (stray) throw new Error(`${stray} takes back no migration: ${upOf(stray)} is not there`);
  return names.map((name, index) => {
    const version = Number.parseInt(name, 10);
    if (version !== index + 1) throw new Error(`migration ${name} should have number ${index + 1}`);
    const text = readFileSync(join(directory, name), "utf8");
    const checksum = createHash("sha256").update(text).digest("hex");
    const down = downOf(name);
    return {
      version,
      name,
      text,
      checksum,
      ...readHead(name, text),
      down: files.includes(down) ? readFileSync(join(directory, down), "utf8") : null,
    };
  });
}

const downEnding = ".down.sql";
const upOf = (down: string) => `${down.slice(0, -downEnding.length)}.sql`;
const downOf = (up: string) => `${up.slice(0, -".sql".length)}${downEnding}`;

function readHead(name: string, text: string): Pick<Migration, "phase" | "needed"> {
  const head = /^(?:\s*(?:--[^\n]*)?\n)*/.exec(text)?.[0] ?? "";
  const said = (key: string) => new RegExp(`^\\s*--\\s*${key}:\\s*(\\S+)`, "m").exec(head)?.[1];
  const phase = said("phase") ?? "expand";
  if (phase !== "expand" && phase !== "contract") {
    throw new Error(`migration ${name}: phase is expand or contract, not ${phase}`);
  }
  const needed = said("needed") ?? (phase === "expand" ? "yes" : "no");
  if (needed !== "yes" && needed !== "no") {
    throw new Error(`migration ${name}: needed is yes or no, not ${needed}`);
  }
  if (phase === "contract" && needed === "yes") {
    throw new Error(`migration ${name} waits for older code to be gone, so newer code must live without it`);
  }
  return { phase, needed: needed === "yes" };
}

/** "migr" in ASCII, as an advisory lock's number; locks are per database. Who migrates a database holds it. */
export const migrationLock = 0x6d696772;

/** Where a database writes down what was applied to it. */
const createRecords =
  "create table if not exists public.schema_migrations (version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())";

/** A migration and its record, to be run in one transaction. */
export const applyStatements = (migration: Migration, variables: Record<string, string>): string =>
  `${fillVariables(migration.text, variables)}
;
insert into public.schema_migrations (version, name, checksum)
values (${migration.version}, ${quoteLiteral(migration.name)}, ${quoteLiteral(migration.checksum)})`;

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
  const session = await input.sql.reserve();
  try {
    await session`select pg_advisory_lock(${migrationLock})`;
    if (input.owner) await session.unsafe(`set role ${quoteIdentifier(input.owner)}`);
    await session.unsafe(createRecords);
    const applied = await session<{ version: number; checksum: string }[]>`
      select version, checksum from public.schema_migrations order by version`;
    for (const migration of input.migrations) {
      const before = applied.find(({ version }) => version === migration.version);
      if (before && before.checksum !== migration.checksum) {
        throw new Error(`migration ${migration.name} was changed after it had been applied: add a new one`);
      }
      if (before) continue;
      try {
        await session.unsafe(`begin;\n${applyStatements(migration, input.variables ?? {})};\ncommit`);
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

/** `:name` becomes the quoted role name; `::type` is left alone. */
export function fillVariables(text: string, variables: Record<string, string>): string {
  return Object.entries(variables).reduce(
    (filled, [name, value]) => filled.replace(new RegExp(`(?<!:):${name}\\b`, "g"), quoteIdentifier(value)),
    text,
  );
}
