import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { verifyAudit } from "../../audit/verify-audit.ts";
import { listEmbedKeys } from "../../sessions/embed-keys.ts";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { findDrift } from "../migration/find-drift.ts";
import { migrateTenants } from "../migration/migrate-tenants.ts";
import { createTenant } from "../provisioning/create-tenant.ts";
import { SlugTaken } from "../provisioning/register-tenant.ts";
import { finishWork, paymentRows, withSecrets } from "../testing/lived-in-tenant.ts";
import { exportTenant } from "./export-tenant.ts";
import { ExportUnreadable, type Manifest } from "./format.ts";
import { ImportUnfinished, importTenant, type NewImport } from "./import-tenant.ts";
import type { ImportChildInput } from "./testing/import-child.ts";
import { olderExport } from "./testing/older-export.ts";

let platform: TestPlatform;
let acme: OpenTenant;
let path: string;
let exported: Manifest;
const folder = temporaryFolders();
/** Most of a child's life would be stripping types. */
const compileCache = folder();
/** Line breaks of every kind, quotes, JSON inside text. */
const hardText = 'a\u2028b\r\nc\u0085"d" \\ {"e": null} ✓';

const provider = {
  id: "sandbox",
  baseUrl: "https://api.example",
  frameUrl: "https://frame.example",
} as const;

beforeAll(async () => {
  platform = await testPlatform();
  acme = await platform.createTenant("acme", { hosts: ["pay.acme.example"] });
  await withSecrets(acme);
  await paymentRows(acme);
  await finishWork(acme);
  await acme.settings.set("seller.supportEmail", null);
  await acme.settings.set("provider", { ...provider, publishableKey: hardText });
  await acme.flags.set("partial-payments", false, { reason: hardText });
  await acme.db.query`
    insert into pay.customers (tenant_id, id, name, synced_at)
    select ${acme.tenant.id}::uuid, n::text, ${hardText}, now() from generate_series(1, 1200) n returning tenant_id`;
  path = join(folder(), "acme");
  ({ manifest: exported } = await exportAs("acme", path));
});
afterAll(() => platform.close());

const exportAs = (slug: string, out: string) =>
  exportTenant({ ctx: platform.operator, input: { slug, out } });
const importAs = (slug: string, more: Partial<NewImport> = {}) =>
  importTenant({ ctx: platform.operator, input: { path, slug, confirmed: true, ...more } });

/** Everything that was exported, and the row that says so, but under the tenant's own id. */
async function expectSame(slug: string): Promise<OpenTenant> {
  const record = await platform.operator.registry.findBySlug(slug);
  const open = await platform.operator.tenants.open(record?.id ?? "");
  const { manifest } = await exportAs(slug, join(folder(), slug));
  const counts = (of: Manifest) => Object.fromEntries(of.tables.map(({ table, rows }) => [table, rows]));
  expect(counts(manifest)).toEqual({
    ...counts(exported),
    audit_log: Number(counts(exported).audit_log) + 1,
  });
  return open;
}

test("an import has the export's rows under a new id, and goes on where the numbers stood", async () => {
  const { tenant, created } = await importAs("acme-two", { name: "Acme Two" });
  expect(created).toBe(true);
  expect(tenant.id).not.toBe(acme.tenant.id);
  expect(tenant.hosts).toEqual(["acme-two.localhost"]);
  const { db, settings, flags } = await expectSame("acme-two");
  await expect(settings.get("seller.name")).resolves.toBe("Acme Two");
  await expect(settings.get("seller.supportEmail")).resolves.toBeNull();
  await expect(settings.get("provider")).resolves.toEqual({ ...provider, publishableKey: hardText });
  await expect(flags.list()).resolves.toMatchObject([
    { key: "partial-payments", value: false, reason: hardText },
  ]);
  const [payment] =
    await db.query`select tenant_id, amount_minor, fingerprint, lines, created_at from pay.payments`;
  const [original] = await acme.db.query`
    select tenant_id, amount_minor, fingerprint, lines, created_at from pay.payments`;
  expect(payment).toEqual({ ...original, tenant_id: tenant.id });
  const [next] = await db.query<{ tenant_id: string; receipt: bigint }>`
    select tenant_id, nextval('pay.receipt_numbers') as receipt from pay.users`;
  expect(next?.receipt).toBe(1002n);
  await paymentRows(await platform.operator.tenants.open(tenant.id));
  const { damage } = await verifyAudit({ registry: platform.operator.registry.sql, db });
  expect(damage).toBeNull();
});

test("its steps are written down like a creation's, for people and for whoever asks an archive for it", async () => {
  const { tenant } = await importAs("steps");
  const steps = await platform.operator.registry.sql`
    select step from provisioning_steps where tenant_id = ${tenant.id} order by done_at`;
  expect(steps.map(({ step }) => step)).toEqual([
    "createRole",
    "prepareOlderTemplate",
    "createDatabase",
    "setPrivileges",
    "setSequences",
    "loadRows",
    "bringForward",
    "activate",
  ]);
});

test("secrets are not there until they are set again, under the new tenant's own key", async () => {
  await importAs("keyless");
  const record = await platform.operator.registry.findBySlug("keyless");
  const open = await platform.operator.tenants.open(record?.id ?? "");
  await expect(open.settings.get("provider.secretKey")).rejects.toThrow("not set");
  expect(await listEmbedKeys({ ctx: open })).toEqual([]);
  await open.settings.set("provider.secretKey", "sk_again");
  await expect(open.settings.get("provider.secretKey")).resolves.toBe("sk_again");
});

test("run again it changes nothing; another tenant's slug is refused, whoever has it", async () => {
  await importAs("twice");
  await expect(importAs("twice")).resolves.toMatchObject({ created: false });
  await expectSame("twice");
  await expect(importAs("acme", { name: "acme Ltd" })).rejects.toBeInstanceOf(SlugTaken);
  const other = join(folder(), "other");
  await exportAs("acme", other);
  await expect(importAs("twice", { path: other })).rejects.toBeInstanceOf(SlugTaken);
});

test("a .tar imports like a folder, and a killed import leaves nothing of it unpacked", async () => {
  const tar = join(folder(), "acme.tar");
  await exportAs("acme", tar);
  const temporary = folder();
  const input = { path: tar, slug: "packed", confirmed: true };
  await importInChild({ input, dieBefore: "loadRows" }, { TMPDIR: temporary });
  // Nobody would look after what a killed one had unpacked.
  expect(readdirSync(temporary)).toEqual([]);
  await importAs("packed", { path: tar });
  await expectSame("packed");
  const none = join(folder(), "none.tar");
  writeFileSync(none, "no archive");
  await expect(importAs("none", { path: none })).rejects.toBeInstanceOf(ExportUnreadable);
});

test.each<[string, (copy: string) => void, string]>([
  ["a changed value", (copy) => edit(copy, "customers.jsonl", "✓", "✗"), "altered"],
  ["a line more", (copy) => appendFileSync(join(copy, "users.jsonl"), "{}\n"), "altered"],
  ["a missing file", (copy) => rmSync(join(copy, "payments.jsonl")), "cannot be read"],
  ["no manifest", (copy) => rmSync(join(copy, "manifest.json")), "no manifest.json"],
  [
    "another format",
    (copy) => edit(copy, "manifest.json", '"formatVersion": 1', '"formatVersion": 2'),
    "format",
  ],
  ["a path for a table", (copy) => edit(copy, "manifest.json", '"customers"', '"../customers"'), "format"],
  [
    "a schema of the future",
    (copy) => edit(copy, "manifest.json", /"schemaVersion": \d+/, '"schemaVersion": 9999'),
    "newer code",
  ],
])("%s is found before anything is made", async (_, damage, cause) => {
  const copy = join(folder(), "copy");
  cpSync(path, copy, { recursive: true });
  damage(copy);
  const importing = importAs("damaged", { path: copy });
  await expect(importing).rejects.toBeInstanceOf(ExportUnreadable);
  await expect(importing).rejects.toThrow(cause);
  await expect(platform.operator.registry.findBySlug("damaged")).resolves.toBeNull();
});

test("unfinished work is refused, since two would finish it, unless the old tenant is said to be gone", async () => {
  const busy = await platform.createTenant("busy");
  await paymentRows(busy);
  const unfinished = join(folder(), "busy");
  await exportAs("busy", unfinished);
  await expect(importAs("busy-two", { path: unfinished })).rejects.toBeInstanceOf(ImportUnfinished);
  await expect(platform.operator.registry.findBySlug("busy-two")).resolves.toBeNull();
  await importAs("busy-two", { path: unfinished, takeOver: true });
});

test("a database that was seeded by create meanwhile is not mixed with the export", async () => {
  const same = { slug: "mixed", name: "acme Ltd", template: "basic-invoice" } as const;
  await importTenant({
    ctx: platform.operator,
    input: { path, slug: "mixed", confirmed: true },
    onStep: (step) => {
      if (step === "loadRows") throw new Error("stopped");
    },
  }).catch(() => {});
  await createTenant({ ctx: platform.operator, input: { ...same, adminEmail: "m@mixed.test" } });
  await expect(importAs("mixed")).rejects.toBeInstanceOf(SlugTaken);
});

async function importInChild(input: Omit<ImportChildInput, "address">, env = {}): Promise<void> {
  const script = fileURLToPath(new URL("./testing/import-child.ts", import.meta.url));
  const argument: ImportChildInput = { address: platform.address, ...input };
  const child = spawn(process.execPath, [script, JSON.stringify(argument)], {
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
}

test("killed with -9 before any step, the next run goes on and the tenant is whole, once", async () => {
  const input = { path, slug: "killed", confirmed: true };
  for (const dieBefore of [
    "registerTenant",
    "createRole",
    "setPrivileges",
    "setSequences",
    "loadRows",
    "activate",
  ]) {
    await importInChild({ input, dieBefore });
    await expect(platform.operator.registry.findByHost("killed.localhost")).resolves.toBeNull();
  }
  await expect(importAs("killed")).resolves.toMatchObject({ created: true });
  const { db } = await expectSame("killed");
  const imported = db.query`select tenant_id from pay.audit_log where action = 'tenant.import'`;
  expect(await imported).toHaveLength(1);
});

test("an older export's rows go through the migrations since, wherever the import was killed", async () => {
  const old = await olderExport(platform.operator, await platform.createTenant("older"), folder());
  const input = { path: old, slug: "older-two", confirmed: true };
  for (const dieBefore of [
    "prepareOlderTemplate",
    "createDatabase",
    "loadRows",
    "bringForward",
    "activate",
  ]) {
    await importInChild({ input, dieBefore });
    await migrateTenants({ ctx: platform.operator, input: { slug: "older-two" } });
  }
  await expect(importAs("older-two", { path: old })).resolves.toMatchObject({ created: true });
  await expect(importAs("older-two", { path: old })).resolves.toMatchObject({ created: false });
  const record = await platform.operator.registry.findBySlug("older-two");
  expect(record).toMatchObject({ status: "active", schemaVersion: latestSchemaVersion() });
  const two = await platform.operator.tenants.open(record?.id ?? "");
  await expect(two.flags.list()).resolves.toMatchObject([{ key: "partial-payments", value: false }]);
  const drift = await findDrift({ ctx: platform.operator, input: { slug: "older-two" } });
  expect(drift).toMatchObject([{ differences: [], error: null }]);
  const { damage } = await verifyAudit({ registry: platform.operator.registry.sql, db: two.db });
  expect(damage).toBeNull();
});

function edit(copy: string, file: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(copy, file), "utf8");
  const edited = text.replace(from, to);
  expect(edited).not.toBe(text);
  writeFileSync(join(copy, file), edited);
}
