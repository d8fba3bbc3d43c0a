import { quoteIdentifier, quoteLiteral } from "../database/client.ts";
import type { Sql } from "../database/connect.ts";

export interface Column {
  name: string;
  /** As PostgreSQL's `format_type` says it. */
  type: string;
}

/** A table of a tenant's database as its catalogue describes it: a new table needs no code here. */
export interface TableShape {
  table: string;
  /** In the table's order, without those that hold secrets. */
  columns: Column[];
  primaryKey: Column[];
  /** Hold ciphertext; a row with any of them filled is not exported. */
  secretColumns: string[];
  /** A trigger of the database fills them; the connected role may not. */
  derivedColumns: string[];
  /** Tables whose rows must be there first. */
  references: string[];
}

/** By table name. */
export async function readTables(sql: Pick<Sql, "unsafe">): Promise<TableShape[]> {
  const rows = await sql.unsafe<
    { table: string; name: string; type: string; key: number | null; given: boolean }[]
  >(`
    select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
      array_position(i.indkey::int2[], a.attnum) as key,
      has_column_privilege(c.oid, a.attnum, 'insert') as given
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_index i on i.indrelid = c.oid and i.indisprimary
    where c.relnamespace = 'pay'::regnamespace and c.relkind = 'r' and c.relname <> all ('{${notPortable.join(",")}}')
    order by c.relname collate "C", a.attnum`);
  const references = await sql.unsafe<{ from: string; to: string }[]>(`
    select f.relname as from, t.relname as to
    from pg_constraint k join pg_class f on f.oid = k.conrelid join pg_class t on t.oid = k.confrelid
    where k.contype = 'f' and f.relnamespace = 'pay'::regnamespace and f.oid <> t.oid`);
  return [...Map.groupBy(rows, ({ table }) => table)].map(([table, columns]) => ({
    table,
    columns: columns
      .filter(({ name }) => !isSecret(name) && `${table}.${name}` !== cardToken)
      .map(({ name, type }) => ({ name, type })),
    primaryKey: columns
      .filter(({ key }) => key !== null)
      .sort((a, b) => Number(a.key) - Number(b.key))
      .map(({ name, type }) => ({ name, type })),
    secretColumns: columns.map(({ name }) => name).filter(isSecret),
    derivedColumns: columns.filter(({ given }) => !given).map(({ name }) => name),
    references: references.filter(({ from }) => from === table).map(({ to }) => to),
  }));
}

/**
 * What stays behind: which of this tenant's data keys are retired, for an imported tenant has keys of its own; who is
 * signed in, and the mails that let somebody in, for they are this tenant's doors.
 */
const notPortable = ["key_floor", "login_challenges", "portal_sessions"];

/** The schema's convention for sealed secrets: `ciphertext`, `secret_ciphertext`. */
const isSecret = (column: string) => /(^|_)ciphertext$/.test(column);

/** Can pay until its attempt is settled, and is forgotten then: the row is whole without it. */
const cardToken = "attempts.token";

/** int8 is more than a JSON number holds for most readers; JSON's null must not become SQL's. */
const asText = new Set(["bigint", "jsonb"]);

/**
 * A row a line, in primary key order: JSON as PostgreSQL writes it, int8 as digits, jsonb as text. The same rows
 * give the same bytes on every server, since every session writes values alike (database/session.ts).
 *
 * @param tenantId written in place of the stored one
 */
export function selectLines(shape: TableShape, tenantId: string): string {
  const columns = shape.columns.map(({ name, type }) => {
    const column = quoteIdentifier(name);
    if (name === "tenant_id") return `${quoteLiteral(tenantId)}::uuid as ${column}`;
    return asText.has(type) ? `t.${column}::text as ${column}` : `t.${column}`;
  });
  return `
    select row_to_json(r)::text as line
    from (select ${columns.join(", ")} from pay.${quoteIdentifier(shape.table)} t
      where ${withoutSecrets(shape)} order by ${orderOf(shape)}) r`;
}

/**
 * Inserts lines, its one parameter, as rows of the connected tenant. Columns the shape does not name
 * take their defaults; derived ones are computed anew.
 */
export function insertLines(shape: TableShape): string {
  const given = shape.columns.filter(({ name }) => !shape.derivedColumns.includes(name));
  const columns = given.map(({ name }) => quoteIdentifier(name));
  const values = given.map(({ name, type }) => {
    if (name === "tenant_id") return "pay.current_tenant()";
    // A record would take the text for a JSON string.
    return type === "jsonb"
      ? `(l.line::json ->> ${quoteLiteral(name)})::jsonb`
      : `r.${quoteIdentifier(name)}`;
  });
  const table = `pay.${quoteIdentifier(shape.table)}`;
  return `
    insert into ${table} (${columns.join(", ")}) overriding system value
    select ${values.join(", ")}
    from unnest($1::text[]) as l(line), json_populate_record(null::${table}, l.line::json) r`;
}

/** The first key column of every row `selectLines` leaves out. */
export function selectLeftOut(shape: TableShape): string {
  const [first] = shape.primaryKey;
  if (!first) throw new Error(`table ${shape.table} has no primary key`);
  return `
    select t.${quoteIdentifier(first.name)}::text as key from pay.${quoteIdentifier(shape.table)} t
    where not (${withoutSecrets(shape)}) order by ${orderOf(shape)}`;
}

const withoutSecrets = ({ secretColumns }: TableShape) =>
  secretColumns.map((column) => `t.${quoteIdentifier(column)} is null`).join(" and ") || "true";

const orderOf = ({ primaryKey }: TableShape) =>
  primaryKey
    .map(({ name, type }) => `t.${quoteIdentifier(name)}${type === "text" ? ' collate "C"' : ""}`)
    .join(", ");

/** Rows at a time. */
const batch = 500;

/** Runs a query that answers `line`, in a transaction, a batch in memory at a time; each ends with a line feed. */
export async function* readLines(sql: Pick<Sql, "unsafe">, query: string): AsyncGenerator<string[]> {
  await sql.unsafe(`declare lines no scroll cursor for ${query}`);
  for (;;) {
    const rows = await sql.unsafe<{ line: string }[]>(`fetch ${batch} from lines`);
    if (rows.length === 0) break;
    yield rows.map(({ line }) => `${line}\n`);
  }
  await sql.unsafe("close lines");
}
