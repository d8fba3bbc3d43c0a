import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyAudit } from "../audit/verify-audit.ts";
import { quoteIdentifier, quoteLiteral } from "../database/client.ts";
import { connect } from "../database/connect.ts";
import { type TestServer, type TestTenant, testServer } from "../http/testing/test-server.ts";
import { loopbackNetwork } from "../network/testing/loopback.ts";
import { createBackup } from "../operations/backup/create-backup.ts";
import { confirmRestore } from "../operations/backup/restore/end-restore.ts";
import { restoreBackup } from "../operations/backup/restore/restore-backup.ts";
import { backupSettings } from "../operations/backup/settings.ts";
import { verifyBackup } from "../operations/backup/verify-backup.ts";
import { exportTenant } from "../operations/export/export-tenant.ts";
import { names } from "../operations/names.ts";
import { type Operator, openOperator } from "../operations/operator.ts";
import { preparePlatform } from "../operations/provisioning/prepare-platform.ts";
import { startJobQueue } from "../outbox/job-queue.ts";
import { start } from "../payments/testing/start.ts";
import { findEmbedKey } from "../sessions/embed-keys.ts";
import { createJwks } from "../sessions/jwks.ts";
import { openSession } from "../sessions/open-session.ts";
import { createLogger } from "../telemetry/log.ts";
import { behindPgBouncer } from "../testing/behind-pgbouncer.ts";
import type { PgBouncer } from "../testing/pgbouncer.ts";
import { type PostgresCluster, startCluster } from "../testing/postgres-cluster.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { openTenants } from "./tenants.ts";

/** Beyond LATIN1, and full of what quotes and escapes. */
const customerName = "Zoë \\ Öst'erreich مؤسسة";

/** Each as a person might have it, or worse. */
const hostile: Record<string, string> = {
  DateStyle: "German, DMY",
  IntervalStyle: "sql_standard",
  TimeZone: "Asia/Kathmandu",
  bytea_output: "escape",
  extra_float_digits: "-15",
  lc_monetary: "C.utf8",
  lc_numeric: "C.utf8",
  lc_time: "C.utf8",
  client_encoding: "LATIN1",
  search_path: "nowhere",
  standard_conforming_strings: "off",
  backslash_quote: "on",
  array_nulls: "off",
  transform_null_equals: "on",
  quote_all_identifiers: "on",
  check_function_bodies: "off",
  row_security: "off",
  default_transaction_isolation: "serializable",
  default_transaction_read_only: "on",
  default_transaction_deferrable: "on",
  synchronous_commit: "off",
  exit_on_error: "on",
  statement_timeout: "1",
  lock_timeout: "1",
  idle_in_transaction_session_timeout: "1",
  idle_session_timeout: "1",
};

const folder = temporaryFolders();
const log = createLogger({ name: "test", level: "silent" });
const jwks = createJwks({ network: loopbackNetwork });
let cluster: PostgresCluster;
let line: TestServer;
let acme: TestTenant;

beforeAll(async () => {
  cluster = await startCluster({ folder: folder(), settings: hostile, encoding: "LATIN1" });
  // What somebody else's programs have left for every new database.
  const template = connect({ url: cluster.url.replace(/postgres$/, "template1"), max: 1 });
  await template`create table schema_migrations (version int)`;
  await template.end();
  const edgeKey = { alg: "HS256", key: createSecretKey(randomBytes(32)) } as const;
  line = await testServer({ edgeKey, adminUrl: cluster.url });
  acme = await line.createTenant("acme");
}, 120_000);
afterAll(async () => {
  await line?.close();
  await cluster?.stop();
});

const operator = () => openOperator({ address: line.platform.address, operator: "test", log });

let customers = 0;
/** A session, a payment, what the log and an export say of them: in connections nobody had before. */
async function payAndProve(input: { ctx: Operator; pooler?: PgBouncer }): Promise<void> {
  const { ctx, pooler = null } = input;
  const tenants = pooler ? openTenants({ registry: ctx.registry, log, pooler }) : ctx.tenants;
  const found = await ctx.registry.findByHost("acme.localhost");
  expect(found?.createdAt.getTime()).toBeGreaterThan(Date.now() - 600_000);
  const open = await tenants.open(found?.id ?? "");
  const asked = { actor: { kind: "customer", id: "C-1" } as const, requestId: "test" };
  const context = line.makeContext(open, asked);
  const invoice = { id: `inv-${++customers}`, number: "N\\'1", currency: "USD", totalMinor: 12_500n };
  const dates = { issuedOn: "2026-01-02", dueOn: "2026-02-03" };
  const invoices = [{ ...invoice, openMinor: 12_500n, ...dates }];
  acme.erp.customers.set("C-1", { name: customerName, email: null, invoices });
  const findKey = (id: string) => findEmbedKey({ ...open, id });
  const session = { embedToken: await acme.token(), locales: ["en"], findKey, jwks };
  const opened = await openSession({ ctx: context, input: session });
  if (opened.kind !== "opened") throw new Error(opened.code);
  expect(opened.view.customer.name).toBe(customerName);
  const listed = async () => {
    const rows = await open.db.query<{ tenant_id: string; issued: string; due: string; synced: Date }>`
      select tenant_id, issued_on as issued, due_on as due, synced_at as synced from pay.invoices
      where id = ${invoice.id}`;
    return rows.map(({ issued, due, synced }) => ({
      issued,
      due,
      age: Math.abs(Date.now() - synced.getTime()),
    }));
  };
  await expect.poll(listed, { timeout: 10_000 }).toHaveLength(1);
  const [row] = await listed();
  expect(row).toMatchObject({ issued: "2026-01-02", due: "2026-02-03" });
  expect(row?.age).toBeLessThan(60_000);
  const paid = await start(context, { id: randomUUID(), lines: [[invoice.id, 12_500n]] });
  expect(paid).toMatchObject({ payment: { state: "captured" } });
  expect(await verifyAudit({ registry: ctx.registry.sql, db: open.db })).toMatchObject({ damage: null });
  const out = join(folder(), "export");
  await exportTenant({ ctx, input: { slug: "acme", out } });
  expect(existsSync(out)).toBe(true);
  if (pooler) await tenants.close();
}

async function withOperator(run: (ctx: Operator) => Promise<void>): Promise<void> {
  const ctx = operator();
  await run(ctx).finally(() => ctx.close());
}

/** Whose sessions there are, the strongest kind of default for each: a role's in a database. */
const sessions = async () => {
  const [tenant] = await line.platform.operator.registry.list();
  if (!tenant) throw new Error("unreachable");
  const { database } = tenant;
  const registry = names.registry(line.platform.address.namespace);
  return [
    { role: "postgres", database: "postgres" },
    { role: "postgres", database: database.name },
    { role: registry, database: registry },
    { role: database.role, database: database.name },
  ];
};

async function asDefaults(settings: Record<string, string>, run: () => Promise<void>): Promise<void> {
  const admin = connect({ url: cluster.url, max: 1 });
  const whose = (await sessions()).map(
    ({ role, database }) => `alter role ${quoteIdentifier(role)} in database ${quoteIdentifier(database)}`,
  );
  try {
    for (const alter of whose)
      for (const [name, value] of Object.entries(settings))
        await admin.unsafe(`${alter} set ${name} = ${quoteLiteral(value)}`);
    // Sessions that began before are out of the way.
    await admin`select pg_terminate_backend(pid) from pg_stat_activity
      where backend_type = 'client backend' and pid <> pg_backend_pid()`;
    await run();
  } finally {
    for (const alter of whose) await admin.unsafe(`${alter} reset all`);
    await admin.end();
  }
}

describe("on a server whose every default is hostile", () => {
  test("a platform is made, and made again", async () => {
    await expect(preparePlatform(line.platform.address)).resolves.toEqual(line.platform.address);
  });

  test("a customer pays, the audit log verifies, the tenant leaves", () =>
    withOperator((ctx) => payAndProve({ ctx })));

  test("a backup is made, verified and restored", () =>
    withOperator(async (ctx) => {
      const settings = backupSettings({ CLARITY_BACKUP_DIR: folder(), CLARITY_SCRATCH_DIR: cluster.folder });
      const { id } = await createBackup({ ctx: { ...ctx, settings }, input: { slug: "acme" } });
      expect((await verifyBackup({ ctx, settings, input: { id } })).verifiedAt).toBeInstanceOf(Date);
      await restoreBackup({ ctx, settings, input: { slug: "acme", backupId: id } });
      await confirmRestore({ ctx, input: { slug: "acme" } });
      await payAndProve({ ctx });
    }));

  test("the job queue does what it is given", async () => {
    const { promise: done, resolve } = Promise.withResolvers<unknown>();
    const queue = await startJobQueue({
      registryUrl: line.platform.address.registryUrl,
      tasks: { told: async (payload) => resolve(payload) },
      concurrency: 1,
      graceMs: 5_000,
      log,
    });
    await queue.add([{ identifier: "told", payload: { at: "\\" } }]);
    expect(await done).toEqual({ at: "\\" });
    await queue.stop();
  });
});

describe("as a default of the administrator's, the registry's and the tenant's role", () => {
  test.each(Object.entries(hostile))("%s = %s does not matter", (name, value) =>
    asDefaults({ [name]: value }, () => withOperator((ctx) => payAndProve({ ctx }))),
  );
});

behindPgBouncer((startBouncer) => {
  let pooler: PgBouncer;
  beforeAll(async () => {
    pooler = await startBouncer({ adminUrl: cluster.url });
  });
  afterAll(() => pooler.stop());

  test("on a server whose every default is hostile a customer pays", () =>
    withOperator((ctx) => payAndProve({ ctx, pooler })));

  // PgBouncer itself has a connection for longer than a millisecond.
  const behind = { ...hostile, idle_session_timeout: "300" };
  test.each(Object.entries(behind))("%s = %s of the tenant's role does not matter", (name, value) =>
    asDefaults({ [name]: value }, async () => {
      // It has seen that its sessions are gone: else it hands one of them out.
      await expect.poll(async () => (await pooler.serverConnections()).size, { timeout: 20_000 }).toBe(0);
      await withOperator((ctx) => payAndProve({ ctx, pooler }));
    }),
  );
});
