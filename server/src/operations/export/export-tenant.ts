import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { link, mkdir, open, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AuditChainBroken, anchorAudit } from "../../audit/anchors.ts";
import type { CertificateKey } from "../../crypto/certificate-key.ts";
import { errorCode } from "../../database/client.ts";
import type { Sql } from "../../database/connect.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { IsolationBreach, TenantUnknown } from "../../tenant/errors.ts";
import { minimumSchemaVersion } from "../../tenant/schema.ts";
import { unfinishedWork } from "../../tenant/unfinished-work.ts";
import { schemaVersionOf } from "../backup/restore/adapt-database.ts";
import { openSigningKey } from "../keys/signing-keys.ts";
import type { Operator } from "../operator.ts";
import { operatorSession } from "../operator-session.ts";
import { readLines, readTables, selectLeftOut, selectLines, type TableShape } from "../portable-rows.ts";
import { isArchive, pack } from "./archive.ts";
import {
  type ExportClaims,
  fileOf,
  formatVersion,
  type Manifest,
  manifestFile,
  signatureFile,
} from "./format.ts";
import { withUnfinishedFolder } from "./unfinished-folder.ts";

export interface ExportedTenant {
  readonly out: string;
  readonly manifest: Manifest;
  /** Id of the key that signed it. */
  readonly signedBy: string;
  /** Which row of the audit log is not the one the registry remembers; null: none was found. */
  readonly auditDamage: string | null;
  /** Folders of other runs for the same `out`, which may be under way on other machines; else to be removed by hand. */
  readonly left: readonly string[];
}

/** What reads a tenant's database in one transaction. */
type Reader = Pick<Sql, "unsafe">;

/**
 * Everything of one tenant as files, in one consistent snapshot, with the tenant's own rights. It
 * may be active, suspended or waiting for its deletion, and goes on being served. Secrets are left
 * out and named. The manifest is signed. The folder appears whole or not at all; it holds personal data, so only its
 * owner reads it.
 *
 * Killed at any point, it leaves at most a folder `<out>.unfinished-…`, which the next run with the same `out` on
 * the same machine clears. Of two runs at once for one `out` the first to end is it, the other fails.
 *
 * @param input.out a new folder, or a new file ending in `.tar`
 * @throws TenantUnknown; Error when `out` exists
 */
export async function exportTenant({
  ctx,
  input,
  onStep = () => {},
}: {
  ctx: Operator;
  input: { slug: string; out: string };
  onStep?: (step: "audit" | "writeTables" | "writeManifest" | "anchor" | "publish" | "done") => void;
}): Promise<ExportedTenant> {
  const { slug } = input;
  const out = resolve(input.out);
  const record = await ctx.registry.findBySlug(slug);
  if (!record || record.status === "creating") throw new TenantUnknown(`no tenant ${slug} to export`);
  if (existsSync(out)) throw taken(out);
  const key = await openSigningKey(ctx);
  onStep("audit");
  await ctx.registry.audit({ actor: ctx.actor, action: "tenant.export", tenantId: record.id });

  return withUnfinishedFolder(out, async (unfinished, left) => {
    const folder = join(unfinished, "export");
    await mkdir(folder, { mode: 0o700 });
    onStep("writeTables");
    const manifest = await atOneSchema({ ctx, record }, (schemaVersion) =>
      inSnapshot({ ctx, record }, (reader) => writeTables({ reader, record, schemaVersion, folder })),
    );
    onStep("writeManifest");
    await writeManifest({ key, folder, manifest });
    onStep("anchor");
    const auditDamage = await anchorWhatLeaves({ ctx, record });
    onStep("publish");
    await publish({ folder, out, manifest });
    onStep("done");
    return { out, manifest, signedBy: key.id, auditDamage, left };
  });
}

const taken = (out: string) => new Error(`${out} exists: an export never overwrites another`);

/**
 * After the snapshot, so that the registry knows every audit row in it. Whoever leaves with a damaged log is
 * told, not kept. A tenant that is not served has its last anchor from the worker.
 */
async function anchorWhatLeaves(input: { ctx: Operator; record: TenantRecord }): Promise<string | null> {
  const { ctx, record } = input;
  const served = record.status === "active" || record.status === "suspended";
  if (!served || record.schemaVersion < minimumSchemaVersion()) return null;
  const { db } = await ctx.tenants.open(record.id, { evenSuspended: true });
  try {
    await anchorAudit({ registry: ctx.registry.sql, db });
    return null;
  } catch (error) {
    if (error instanceof AuditChainBroken) return error.message;
    throw error;
  }
}

async function writeManifest(input: {
  key: CertificateKey;
  folder: string;
  manifest: Manifest;
}): Promise<void> {
  const { key, folder, manifest } = input;
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  const { id, slug } = manifest.tenant;
  const claims: ExportClaims = {
    type: "tenant-export",
    version: 1,
    tenant: { id, slug },
    exportedAt: manifest.exportedAt,
    manifestSha256: createHash("sha256").update(text).digest("hex"),
  };
  const signature = await key.sign(claims, "tenant-export+jws");
  const options = { mode: 0o600, flush: true };
  await writeFile(join(folder, manifestFile), text, options);
  await writeFile(join(folder, signatureFile), `${signature}\n`, options);
}

/** At once and whole. Neither call replaces what somebody else has put there meanwhile. */
async function publish(input: { folder: string; out: string; manifest: Manifest }): Promise<void> {
  const { folder, out, manifest } = input;
  try {
    if (!isArchive(out)) return await rename(folder, out);
    const archive = join(folder, "archive.tar");
    const files = [manifestFile, signatureFile, ...manifest.tables.map(({ table }) => fileOf(table))];
    await pack({ folder, files, archive });
    await link(archive, out);
  } catch (error) {
    throw ["EEXIST", "ENOTEMPTY", "ENOTDIR"].includes(errorCode(error)) ? taken(out) : error;
  }
}

/** By the database's own account: a migration's news may be on its way to the registry still. */
async function atOneSchema<T>(
  { ctx, record }: { ctx: Operator; record: TenantRecord },
  write: (schemaVersion: number) => Promise<T>,
): Promise<T> {
  const { server, name: database } = record.database;
  const version = () => schemaVersionOf({ ctx, server, database });
  const before = await version();
  const written = await write(before);
  if ((await version()) === before) return written;
  throw new Error(`${record.slug} was migrated while it was exported: export it again`);
}

async function inSnapshot<T>(
  { ctx, record }: { ctx: Operator; record: TenantRecord },
  read: (reader: Reader) => Promise<T>,
): Promise<T> {
  const sql = await operatorSession({ ctx, record });
  try {
    const answer = await sql.begin("isolation level repeatable read read only", async (reader) => {
      const [database] = await reader.unsafe<{ owner: string | null }[]>(
        "select shobj_description(oid, 'pg_database') as owner from pg_database where datname = current_database()",
      );
      // Row-level security would show another tenant's database as an empty one.
      if (database?.owner !== record.id) throw new IsolationBreach("the database of another tenant");
      return { value: await read(reader) };
    });
    return answer.value as T;
  } finally {
    await sql.end({ timeout: 2 });
  }
}

async function writeTables(input: {
  reader: Reader;
  record: TenantRecord;
  schemaVersion: number;
  folder: string;
}): Promise<Manifest> {
  const { reader, record, schemaVersion, folder } = input;
  const [transaction] = await reader.unsafe<{ at: Date }[]>("select now() as at");
  const tables: Manifest["tables"] = [];
  const toBeSetAgain: Manifest["toBeSetAgain"] = {};
  for (const shape of await readTables(reader)) {
    tables.push(await writeTable({ reader, shape, record, folder }));
    if (shape.secretColumns.length === 0) continue;
    const leftOut = await reader.unsafe<{ key: string }[]>(selectLeftOut(shape));
    toBeSetAgain[shape.table] = leftOut.map(({ key }) => key);
  }
  const { id, slug, name, template, tier, hosts } = record;
  return {
    format: "tenant-export",
    formatVersion,
    schemaVersion,
    exportedAt: (transaction?.at ?? new Date()).toISOString(),
    tenant: { id, slug, name, template, tier, hosts: [...hosts] },
    tables,
    sequences: await readSequences(reader),
    toBeSetAgain,
    unfinished: await unfinishedWork(reader),
  };
}

async function writeTable(input: {
  reader: Reader;
  shape: TableShape;
  record: TenantRecord;
  folder: string;
}): Promise<Manifest["tables"][number]> {
  const { reader, shape, record, folder } = input;
  const { table, columns } = shape;
  const hash = createHash("sha256");
  let rows = 0;
  const file = await open(join(folder, fileOf(table)), "wx", 0o600);
  try {
    for await (const lines of readLines(reader, selectLines(shape, record.id))) {
      const text = lines.join("");
      hash.update(text);
      rows += lines.length;
      await file.write(text);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { table, columns, rows, sha256: hash.digest("hex") };
}

/** Sequences know no snapshot. Read after the rows, they are at or beyond every number in them. */
async function readSequences(reader: Reader): Promise<Manifest["sequences"]> {
  const rows = await reader.unsafe<{ name: string; last: string | null }[]>(`
    select sequencename as name, last_value::text as last from pg_sequences
    where schemaname = 'pay' order by sequencename collate "C"`);
  return Object.fromEntries(rows.map(({ name, last }) => [name, last]));
}
