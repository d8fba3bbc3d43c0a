import { errorCode, quoteIdentifier } from "../../database/client.ts";
import { connect, type Sql } from "../../database/connect.ts";
import { copyRows } from "../../database/copy-rows.ts";
import { type Migration, migrate } from "../../database/migrate.ts";
import type { Operator } from "../operator.ts";
import { withScratchDatabase } from "./scratch-database.ts";
import type { SchemaTarget } from "./upgrade-database.ts";

/** PostgreSQL lets nobody into the original while it copies: of a larger one the tenant would notice. */
const largestTemplateBytes = 64 * 1024 * 1024;
/** object_in_use */
const inUse = "55006";

export interface Clone {
  readonly target: SchemaTarget;
  /** `template`: PostgreSQL's own copy. `rows`: this code's schema with the original's rows. */
  readonly method: "template" | "rows";
  /** Of the original. */
  readonly sizeBytes: number;
  readonly tookMs: number;
}

/**
 * A copy of a tenant's database for the length of `run`; the tenant is served meanwhile. As a template when the
 * original is small and nobody is connected, else row by row in one snapshot. The caller holds the tenant's lock.
 *
 * @param version schema version of the original
 */
export async function withClone<T>(
  input: {
    ctx: Operator;
    tenantId: string;
    server: string | null;
    database: string;
    original: SchemaTarget;
    migrations: readonly Migration[];
    version: number;
  },
  run: (clone: Clone) => Promise<T>,
): Promise<T> {
  const { ctx, tenantId, server, database, original, migrations, version } = input;
  const startedAt = performance.now();
  const since = () => performance.now() - startedAt;
  const { sizeBytes, visitors } = await lookAt(original);
  // With somebody inside PostgreSQL would wait 5 s for them and then refuse.
  if (visitors === 0 && sizeBytes <= largestTemplateBytes) {
    let copied = false;
    try {
      return await withScratchDatabase({ ctx, server, tenantId, template: database }, (target) => {
        copied = true;
        return run({ target, method: "template", sizeBytes, tookMs: since() });
      });
    } catch (error) {
      if (copied || errorCode(error) !== inUse) throw error;
    }
  }
  return withScratchDatabase({ ctx, server, tenantId }, async (target) => {
    await copyAll({ original, target, migrations: migrations.slice(0, version) });
    return run({ target, method: "rows", sizeBytes, tookMs: since() });
  });
}

async function lookAt({ url }: SchemaTarget): Promise<{ sizeBytes: number; visitors: number }> {
  const sql = connect({ url, max: 1 });
  try {
    const [row] = await sql<{ bytes: bigint; visitors: number }[]>`
      select pg_database_size(current_database()) as bytes, (
        select count(*)::int from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
      ) as visitors`;
    return { sizeBytes: Number(row?.bytes ?? 0), visitors: row?.visitors ?? 0 };
  } finally {
    await sql.end({ timeout: 2 });
  }
}

async function copyAll(input: {
  original: SchemaTarget;
  target: SchemaTarget;
  migrations: readonly Migration[];
}): Promise<void> {
  const from = connect({ url: input.original.url, max: 1 });
  const into = connect({ url: input.target.url, max: 1 });
  try {
    const { owner, variables } = input.target;
    await migrate({ sql: into, migrations: input.migrations, owner, variables });
    const tables = await tablesOf(into);
    await from.begin("isolation level repeatable read read only", async (source) => {
      await source.unsafe(`set local role ${quoteIdentifier(owner)}`);
      await into.begin(async (copy) => {
        await copy.unsafe(`set local role ${quoteIdentifier(owner)}`);
        const restore = await withoutChecks(copy, tables);
        for (const { table, columns } of tables) {
          const named = `${table} (${columns.map(quoteIdentifier).join(", ")})`;
          await copyRows({ from: source, into: copy, rows: named });
        }
        await copy.unsafe(restore);
      });
    });
    await into.unsafe("analyze");
  } finally {
    await Promise.all([from.end({ timeout: 2 }), into.end({ timeout: 2 })]);
  }
}

interface Table {
  /** Qualified and quoted. */
  table: string;
  columns: string[];
}

const tablesOf = async (sql: Sql): Promise<Table[]> => [
  ...(await sql<Table[]>`
    select format('%I.%I', n.nspname, c.relname) as table,
      array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    where n.nspname = 'pay' and c.relkind = 'r' group by n.nspname, c.relname order by 1`),
];

/**
 * Foreign keys and triggers would want an order and add rows that come anyway; leaving them out by a setting takes
 * a superuser, which the administrator need not be.
 *
 * @returns what brings them back
 */
async function withoutChecks(sql: Pick<Sql, "unsafe">, tables: readonly Table[]): Promise<string> {
  const keys = await sql.unsafe<{ table: string; name: string; definition: string }[]>(`
    select conrelid::regclass::text as table, quote_ident(conname) as name,
      pg_get_constraintdef(oid) as definition
    from pg_constraint where contype = 'f' and connamespace = 'pay'::regnamespace`);
  const run = (statements: string[]) => statements.join(";");
  await sql.unsafe(
    run([
      ...keys.map(({ table, name }) => `alter table ${table} drop constraint ${name}`),
      ...tables.map(({ table }) => `alter table ${table} disable trigger user`),
      // Rows may be here already, such as those a migration wrote.
      `truncate ${tables.map(({ table }) => table).join(", ")}`,
    ]),
  );
  return run([
    ...tables.map(({ table }) => `alter table ${table} enable trigger user`),
    ...keys.map(({ table, name, definition }) => `alter table ${table} add constraint ${name} ${definition}`),
  ]);
}
