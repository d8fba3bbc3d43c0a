import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connect } from "../../database/connect.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import { connectionUrl, type OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { paymentRows, withSecrets } from "../testing/lived-in-tenant.ts";
import { exportTenant } from "./export-tenant.ts";
import { Manifest } from "./format.ts";
import { withExport } from "./read-export.ts";

let platform: TestPlatform;
let acme: OpenTenant;
const folder = temporaryFolders();
beforeAll(async () => {
  platform = await testPlatform();
  acme = await platform.createTenant("acme");
  await withSecrets(acme);
  await paymentRows(acme);
  await paymentRows(await platform.createTenant("globex"));
});
afterAll(() => platform.close());

const exportAcme = (out = join(folder(), "acme")) =>
  exportTenant({ ctx: platform.operator, input: { slug: "acme", out } });
const linesOf = (out: string, table: string): Record<string, unknown>[] =>
  readFileSync(join(out, `${table}.jsonl`), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));

test("every table is a file with the rows, and the checksum the manifest says", async () => {
  const { out, manifest } = await exportAcme();
  expect(Manifest.parse(JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")))).toEqual(manifest);
  const inDatabase = await acme.db.query<{ tenant_id: string; tables: string[] }>`
    select ${acme.tenant.id} as tenant_id, array_agg(tablename order by tablename)::text[] as tables
    from pg_tables where schemaname = 'pay' and tablename not in ('key_floor', 'login_challenges', 'portal_sessions')`;
  expect(manifest.tables.map(({ table }) => table)).toEqual(inDatabase[0]?.tables);
  expect(readdirSync(out).sort()).toEqual(
    ["manifest.json", "manifest.jws", ...manifest.tables.map(({ table }) => `${table}.jsonl`)].sort(),
  );
  for (const { table, rows, sha256 } of manifest.tables) {
    const bytes = readFileSync(join(out, `${table}.jsonl`));
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256);
    expect(linesOf(out, table)).toHaveLength(rows);
    for (const line of linesOf(out, table)) expect(line.tenant_id).toBe(acme.tenant.id);
  }
});

test("amounts are digits beyond what a JSON number holds, instants are UTC to the microsecond", async () => {
  await platform.rewrite(acme, "update pay.payments set created_at = '2026-11-20T12:15:00.123456+02'");
  const { out } = await exportAcme();
  expect(linesOf(out, "payments")).toMatchObject([
    { amount_minor: "9007199254740993", created_at: "2026-11-20T10:15:00.123456+00:00" },
  ]);
});

test("no secret leaves, in clear or sealed; each is named as to be set again", async () => {
  const { out, manifest } = await exportAcme();
  expect(manifest.toBeSetAgain).toEqual({
    embed_keys: ["erp-1"],
    settings: ["provider.secretKey", "smtp.password"],
  });
  const everything = readdirSync(out)
    .map((name) => readFileSync(join(out, name), "utf8"))
    .join("");
  expect(everything).toContain("canary-of-a-name");
  expect(everything).not.toMatch(/canary-of-a-secret|canary-of-a-token|ciphertext/);
  const sealed = await acme.db.query<{ tenant_id: string; hex: string }>`
    select tenant_id, encode(ciphertext, 'hex') as hex from pay.settings where ciphertext is not null`;
  expect(sealed).toHaveLength(2);
  for (const { hex } of sealed) expect(everything).not.toContain(hex);
  const url = await connectionUrl({ registry: platform.operator.registry, record: acme.record });
  expect(everything).not.toContain(new URL(url).password);
});

test("the unfinished is counted and sequences are where they stand", async () => {
  const { manifest } = await exportAcme();
  expect(manifest.unfinished).toEqual({ payments: 1, deliveries: 1 });
  expect(manifest.sequences).toMatchObject({ receipt_numbers: "1001", ledger_entries_id_seq: "2" });
});

test("the same rows give the same bytes, whatever was written in between and taken back", async () => {
  const first = await exportAcme();
  await platform.rewrite(acme, "update pay.users set role = 'viewer'");
  const changed = await exportAcme();
  await platform.rewrite(acme, "update pay.users set role = 'owner'");
  const second = await exportAcme();
  expect(second.manifest.tables).toEqual(first.manifest.tables);
  expect(changed.manifest.tables).not.toEqual(first.manifest.tables);
});

test("all files are of one instant: a payment made meanwhile is in none of them", async () => {
  const busy = await platform.createTenant("busy");
  await paymentRows(busy);
  let writing = true;
  const writer = (async () => {
    while (writing) await paymentRows(busy);
  })();
  const { manifest } = await exportTenant({
    ctx: platform.operator,
    input: { slug: "busy", out: join(folder(), "busy") },
  });
  writing = false;
  await writer;
  const rowsOf = (name: string) => manifest.tables.find(({ table }) => table === name)?.rows;
  expect(rowsOf("ledger_entries")).toBe(Number(rowsOf("payments")) * 2);
  expect(rowsOf("outbox")).toBe(rowsOf("payments"));
  const [now] = await busy.db.query<{ tenant_id: string; n: number }>`
    select tenant_id, count(*)::int as n from pay.payments group by tenant_id`;
  expect(now?.n).toBeGreaterThan(Number(rowsOf("payments")));
});

test("only the owner may read it, an export overwrites none, and nothing half is left", async () => {
  const out = join(folder(), "acme");
  await exportAcme(out);
  expect(statSync(out).mode & 0o077).toBe(0);
  expect(statSync(join(out, "users.jsonl")).mode & 0o077).toBe(0);
  await expect(exportAcme(out)).rejects.toThrow("exists");
  const failed = join(folder(), "nobody");
  const nobody = { ctx: platform.operator, input: { slug: "nobody", out: failed } };
  await expect(exportTenant(nobody)).rejects.toBeInstanceOf(TenantUnknown);
  expect(readdirSync(join(failed, ".."))).toEqual([]);
});

test.each(["acme", "acme.tar"])(
  "of two exports to one %s at once one says that it is done, and it is whole",
  async (name) => {
    const parent = folder();
    const out = join(parent, name);
    // Both have looked and found nothing there.
    let second: Promise<unknown> = Promise.resolve();
    const first = await exportTenant({
      ctx: platform.operator,
      input: { slug: "acme", out },
      onStep(step) {
        if (step === "writeTables") second = exportAcme(out).catch((error: Error) => error);
      },
    }).catch((error: Error) => error);
    const answers = [first, await second];
    expect(answers.filter((answer) => !(answer instanceof Error))).toHaveLength(1);
    expect(answers).toContainEqual(expect.objectContaining({ message: expect.stringContaining("exists") }));
    await expect(withExport(out, async ({ manifest }) => manifest.tenant.slug)).resolves.toBe("acme");
    expect(readdirSync(parent)).toEqual([name]);
  },
);

test("what another machine may still be writing stays, and is named", async () => {
  const out = join(folder(), "acme");
  const elsewhere = `${out}.unfinished-00000000`;
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, "owner"), JSON.stringify({ host: "elsewhere", pid: 1, startedAt: "1" }));
  expect((await exportAcme(out)).left).toEqual([elsewhere]);
  expect(readdirSync(join(out, "..")).sort()).toEqual(["acme", "acme.unfinished-00000000"]);
});

test("as a .tar it is one file that tar lists and that holds the same", async () => {
  const plain = await exportAcme();
  const packed = await exportAcme(join(folder(), "acme.tar"));
  expect(packed.manifest.tables).toEqual(plain.manifest.tables);
  expect(statSync(packed.out).mode & 0o077).toBe(0);
  const names = execFileSync("tar", ["-tf", packed.out], { encoding: "utf8" }).trim().split("\n");
  expect(names.sort()).toEqual(readdirSync(plain.out).sort());
  const users = execFileSync("tar", ["-xOf", packed.out, "users.jsonl"]);
  expect(users).toEqual(readFileSync(join(plain.out, "users.jsonl")));
});

test("a registry row that leads to another tenant's database exports nothing", async () => {
  const { tenant, record } = await platform.createTenant("lost");
  const { admin, registry } = platform.operator;
  await admin.unsafe(`comment on database ${record.database.name} is 'somebody'`);
  const out = join(folder(), "lost");
  const exported = exportTenant({ ctx: platform.operator, input: { slug: "lost", out } });
  await expect(exported).rejects.toThrow("another tenant");
  expect(existsSync(out)).toBe(false);
  const audited = registry.sql`
    select from operator_audit where action = 'tenant.export' and tenant_id = ${tenant.id}`;
  expect(await audited).toHaveLength(1);
});

test("its schema is what the database says, though the registry has not heard of it yet", async () => {
  const { tenant } = await platform.createTenant("ahead");
  const { sql } = platform.operator.registry;
  await sql`update tenants set schema_version = 6, updated_at = clock_timestamp() where id = ${tenant.id}`;
  const out = join(folder(), "ahead");
  const { manifest } = await exportTenant({ ctx: platform.operator, input: { slug: "ahead", out } });
  expect(manifest.schemaVersion).toBe(latestSchemaVersion());
});

test("a tenant without payments has every file, some empty", async () => {
  await platform.createTenant("fresh");
  const out = join(folder(), "fresh");
  const { manifest } = await exportTenant({ ctx: platform.operator, input: { slug: "fresh", out } });
  expect(linesOf(out, "payments")).toEqual([]);
  expect(manifest.sequences.receipt_numbers).toBeNull();
});

test("an export has the registry remember the audit log's head, and says when it is not what it remembered", async () => {
  const { tenant, record, db } = await platform.createTenant("leaving");
  const { address, operator } = platform;
  const leave = () =>
    exportTenant({ ctx: operator, input: { slug: "leaving", out: join(folder(), "leaving") } });
  await expect(leave()).resolves.toMatchObject({ auditDamage: null });
  const [head] = await db.query<{ tenant_id: string; id: bigint; hash: Uint8Array }>`
    select tenant_id, id, hash from pay.audit_log order by id desc limit 1`;
  const anchors = await operator.registry.sql`
    select head_id, head_hash from audit_heads where tenant_id = ${tenant.id}`;
  expect(anchors).toEqual([{ head_id: head?.id, head_hash: head?.hash }]);

  const url = new URL(address.adminUrl);
  url.pathname = `/${record.database.name}`;
  const owner = connect({ url: url.href, max: 1, session: { session_replication_role: "replica" } });
  await owner`delete from pay.audit_log where id = ${String(head?.id)}`;
  await owner.end();
  const { out, auditDamage } = await leave();
  expect(auditDamage).toContain(`audit row ${head?.id} of leaving is gone`);
  expect(existsSync(join(out, "manifest.json"))).toBe(true);
});
