import { createHash } from "node:crypto";
import { auditName } from "../../actor/actor.ts";
import { quoteIdentifier, quoteLiteral } from "../../database/client.ts";
import type { Sql } from "../../database/connect.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { schemaVersionOf } from "../backup/restore/adapt-database.ts";
import { names } from "../names.ts";
import type { Operator } from "../operator.ts";
import { operatorSession } from "../operator-session.ts";
import { insertLines, readLines, readTables, selectLines, type TableShape } from "../portable-rows.ts";
import { SlugTaken } from "../provisioning/register-tenant.ts";
import { asOwner } from "../servers/tenant-server.ts";
import { ExportUnreadable, type Manifest } from "./format.ts";
import type { ReadableExport } from "./read-export.ts";

interface Load {
  ctx: Operator;
  record: TenantRecord;
  source: ReadableExport;
}

/** Beyond every number in the rows to come; never back. The tenant's role may not do this, the owner may. */
export async function setSequences({ ctx, record, source }: Load): Promise<void> {
  await asOwner({ ctx, record }, async (sql) => {
    for (const [name, last] of Object.entries(source.manifest.sequences)) {
      if (last === null) continue;
      await sql.unsafe(`
        select setval(format('pay.%I', sequencename)::regclass, greatest(${last}, coalesce(last_value, 0)))
        from pg_sequences where schemaname = 'pay' and sequencename = ${quoteLiteral(name)}`);
    }
  });
}

/**
 * The export's rows, in one transaction. Numbers and instants that are the database's own to give come along, so the
 * owner writes them, each under the tenant's id; they are read back with the tenant's rights, as an export would, and
 * must give the same checksums.
 *
 * @throws SlugTaken when the tenant holds other rows already
 */
export async function loadRows({ ctx, record, source }: Load): Promise<void> {
  const sql = await operatorSession({ ctx, record });
  const become = (transaction: Transaction, role: string) =>
    transaction.unsafe(`set local role ${quoteIdentifier(role)}`);
  try {
    await sql.begin(async (transaction) => {
      await become(transaction, names.owner(ctx.address.namespace));
      if (await isLoaded({ sql: transaction, ctx, record, source })) return;
      const shapes = shapesOf(source.manifest, await readTables(transaction));
      for (const shape of inOrder(shapes)) {
        for await (const lines of source.lines(shape.table)) {
          await transaction.unsafe(insertLines(shape), [lines] as never);
        }
      }
      await become(transaction, record.database.role);
      await verify({ sql: transaction, shapes, manifest: source.manifest });
      await conclude({ sql: transaction, ctx, record, source });
    });
  } finally {
    await sql.end({ timeout: 2 });
  }
}

type Transaction = Pick<Sql, "unsafe">;

/** The row that `conclude` writes says so. A second import waits here for the first. */
async function isLoaded(input: { sql: Transaction } & Load) {
  const { sql, ctx, record, source } = input;
  await sql.unsafe("select pg_advisory_xact_lock(hashtext('tenant.import'))");
  const rows = await sql.unsafe<{ fingerprint: string }[]>(`
    select detail ->> 'fingerprint' as fingerprint from pay.audit_log
    where action = 'tenant.import' and detail ->> 'into' = ${quoteLiteral(record.id)}`);
  const [imported] = rows;
  if (imported?.fingerprint === source.fingerprint) return true;
  if (imported || record.status !== "creating") {
    throw new SlugTaken(`${record.slug} is taken by a tenant that was not made of this export`);
  }
  const { slug, database } = record;
  const { server, name } = database;
  // Rows in a newer schema than theirs would never see the migrations between.
  const version = await schemaVersionOf({ ctx, server, database: name });
  if (version !== source.manifest.schemaVersion) {
    throw new SlugTaken(
      `${slug} is half made at schema ${version} and the export has ${source.manifest.schemaVersion}: ` +
        `end it with clarity tenant delete ${slug} --now --confirm ${slug}, or take another slug`,
    );
  }
  return false;
}

/** The tables here, with the columns the export has of them. @throws ExportUnreadable */
function shapesOf({ tables }: Manifest, here: readonly TableShape[]): TableShape[] {
  return tables.map(({ table, columns }) => {
    const shape = here.find((candidate) => candidate.table === table);
    const unknown = columns.filter(({ name }) => !shape?.columns.some((column) => column.name === name));
    if (!shape || unknown.length > 0) {
      const missing = [table, ...unknown.map(({ name }) => name)].join(" ");
      throw new ExportUnreadable(`the export has what this schema has not: ${missing}`);
    }
    return { ...shape, columns };
  });
}

/** A table after those it refers to. */
function inOrder(shapes: readonly TableShape[]): TableShape[] {
  const ordered = new Set<TableShape>();
  const add = (shape: TableShape) => {
    if (ordered.has(shape)) return;
    shapes.filter(({ table }) => shape.references.includes(table)).forEach(add);
    ordered.add(shape);
  };
  shapes.forEach(add);
  return [...ordered];
}

async function verify(input: {
  sql: Transaction;
  shapes: readonly TableShape[];
  manifest: Manifest;
}): Promise<void> {
  const { sql, shapes, manifest } = input;
  for (const shape of shapes) {
    const hash = createHash("sha256");
    for await (const lines of readLines(sql, selectLines(shape, manifest.tenant.id))) {
      hash.update(lines.join(""));
    }
    const wanted = manifest.tables.find(({ table }) => table === shape.table)?.sha256;
    if (hash.digest("hex") !== wanted) {
      throw new ExportUnreadable(`${shape.table} read back is not what was exported: nothing was loaded`);
    }
  }
}

async function conclude(input: { sql: Transaction } & Load): Promise<void> {
  const { sql, ctx, record, source } = input;
  const { tenant } = source.manifest;
  if (record.name !== tenant.name) {
    await sql.unsafe("update pay.settings set value = to_jsonb($1::text) where key = 'seller.name'", [
      record.name,
    ]);
  }
  const detail = { into: record.id, from: tenant.id, fingerprint: source.fingerprint };
  await sql.unsafe(
    `insert into pay.audit_log (tenant_id, actor, action, subject, detail)
     values (pay.current_tenant(), $1, 'tenant.import', $2, $3::text::jsonb)`,
    [auditName(ctx.actor), record.slug, JSON.stringify(detail)],
  );
}
