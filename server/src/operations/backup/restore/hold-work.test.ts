import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { createD365FoConnector } from "../../../connectors/d365-fo/connector.ts";
import { startStandIn } from "../../../connectors/testing/stand-in.ts";
import type { Context } from "../../../context/context.ts";
import { createContextFactory } from "../../../context/context-factory.ts";
import { createErpTurns } from "../../../context/erp-turns.ts";
import { findDueWork } from "../../../outbox/find-due-work.ts";
import { runOutbox } from "../../../outbox/run-outbox.ts";
import { paymentDeliveries as deliveries } from "../../../payments/deliveries/deliveries.ts";
import { resolveAttempt } from "../../../payments/resolve-attempt.ts";
import { createLogger } from "../../../telemetry/log.ts";
import type { OpenTenant } from "../../../tenant/tenants.ts";
import { paymentRows } from "../../testing/lived-in-tenant.ts";
import { createBackup } from "../create-backup.ts";
import { backupPlatform } from "../testing/backup-platform.ts";
import { withOwner } from "./load-database.ts";
import { restoreBackup } from "./restore-backup.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });
const home = backupPlatform();
const clientSecret = "a secret of some length";
let erp: Awaited<ReturnType<typeof startStandIn>>;
beforeAll(async () => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  erp = await startStandIn("d365", {
    CLIENT_ID: "client",
    CLIENT_SECRET: clientSecret,
    EDGE_ORIGIN: "http://edge.test",
    LOADER_PATH: "/loader.js",
    LOADER_INTEGRITY: "sha384-none",
    EMBED_KEY_ID: "key",
    EMBED_PRIVATE_JWK: JSON.stringify(await exportJWK(privateKey)),
  });
});
afterAll(() => erp.shared.close());

const backUp = (slug: string) =>
  createBackup({ ctx: { ...home.platform.operator, settings: home.settings }, input: { slug } });
const restore = (slug: string, backupId: string) =>
  restoreBackup({ ctx: home.platform.operator, settings: home.settings, input: { slug, backupId } });

/** What a server process works with: the database the tenant is served from now. */
async function workerOf({ tenant }: OpenTenant, fetcher = fetch): Promise<Context> {
  const log = createLogger({ name: "test", level: "silent" });
  const open = await home.platform.operator.tenants.open(tenant.id);
  const connector = createD365FoConnector({
    clientSecret,
    fetch: fetcher,
    config: {
      id: "d365-fo",
      baseUrl: erp.url,
      tokenUrl: `${erp.url}/directory/oauth2/v2.0/token`,
      clientId: "client",
      company: "usmf",
      journalName: "CardPay",
      paymentMethodName: "CARD",
      offsetAccount: "USMF OPER",
      concurrency: 5,
    },
  });
  const ctx = createContextFactory({ log })(open, { actor: { kind: "worker" }, requestId: randomUUID() });
  return { ...ctx, connector: async () => connector };
}

/** A captured payment whose delivery is due. */
async function capturedPayment({ db, tenant }: OpenTenant): Promise<{ id: string; outboxId: string }> {
  // Another test's journal, not posted, would keep its invoice marked.
  await erp.ask("/demo/posting/run", {});
  const { invoices } = await erp.ask("/demo/invoices");
  const { id: invoiceId, number } = invoices.find(
    (invoice: Record<string, string>) =>
      invoice.company === "usmf" &&
      invoice.customerId === "JP-011" &&
      invoice.currency === "USD" &&
      Number(invoice.open) > 20,
  );
  const id = randomUUID();
  const lines = JSON.stringify([{ invoiceId, invoiceNumber: number, amountMinor: "1000" }]);
  await db.query`
    insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor,
      surcharge_minor, total_minor, lines, receipt_number, provider_ref)
    values (${tenant.id}, ${id}, 'JP-011', '\\x00', 'pending', 'USD', 1000, 0, 1000,
      ${lines}::text::jsonb, nextval('pay.receipt_numbers'), 'ch_1')
    returning tenant_id`;
  const [row] = await db.query<{ tenant_id: string; id: string }>`
    with payment as (
      update pay.payments set state = 'captured', captured_at = now() where id = ${id}::uuid
    )
    insert into pay.outbox (tenant_id, kind, payment_id) values (${tenant.id}, 'erp_post', ${id})
    returning tenant_id, id`;
  return { id, outboxId: row?.id ?? "" };
}

/** An ERP that takes its time over the journal until it is released. */
function slowErp() {
  const asked = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  onTestFinished(() => held.resolve());
  const fetcher: typeof fetch = async (url, init) => {
    if (init?.method === "POST" && String(url).includes("CustomerPaymentJournalHeaders")) {
      asked.resolve();
      await held.promise;
    }
    return fetch(url, init);
  };
  return { fetcher, asked: asked.promise, release: held.resolve };
}

/** Who asks by then is told "not yet" of both: the attempt and the delivery that `paymentRows` makes. */
const leasedFor50s = async (db: Context["db"]) => {
  const rows = await db.query<{ tenant_id: string; held: boolean }>`
    select tenant_id, leased_until > now() + interval '50 s' as held from pay.attempts
    union all select tenant_id, leased_until > now() + interval '50 s' from pay.outbox`;
  return rows.map(({ held }) => held);
};

const postedOf = async (paymentId: string) => {
  const { payments } = await erp.ask("/demo/payments");
  return payments.filter(({ reference }: { reference: string }) => reference === `pay_${paymentId}`);
};

test("a delivery that is under way when its tenant is brought back, and does not end, is made once", async () => {
  await erp.ask("/demo/posting", { mode: "manual" });
  const tenant = await home.platform.createTenant("slow-erp");
  const { id, outboxId } = await capturedPayment(tenant);
  const made = await backUp("slow-erp");
  const { fetcher, asked, release } = slowErp();
  const delivering = runOutbox({ ctx: await workerOf(tenant, fetcher), input: { id: outboxId, deliveries } });
  await asked;
  await restore("slow-erp", made.id);

  const ctx = await workerOf(tenant);
  expect(await findDueWork({ ctx })).toEqual({ jobs: [], open: true });
  expect(await runOutbox({ ctx, input: { id: outboxId, deliveries } })).toEqual({ kind: "busy" });
  release();
  // What came of it is written down where the tenant lives now.
  expect(await delivering).toEqual({ kind: "done" });
  expect(await findDueWork({ ctx })).toEqual({ jobs: [], open: false });
  expect(await postedOf(id)).toHaveLength(1);
});

test("a delivery that ends soon is waited for, and what it did is in the database that is compared", async () => {
  const tenant = await home.platform.createTenant("soon");
  const made = await backUp("soon");
  const { outboxId } = await capturedPayment(tenant);
  const { fetcher, asked, release } = slowErp();
  const delivering = runOutbox({ ctx: await workerOf(tenant, fetcher), input: { id: outboxId, deliveries } });
  await asked;
  const restoring = restore("soon", made.id);
  const status = async () => (await home.platform.operator.registry.findBySlug("soon"))?.status;
  await expect.poll(status, { timeout: 60_000, interval: 5 }).toBe("moving");
  release();
  expect(await delivering).toEqual({ kind: "done" });
  expect((await restoring).switched?.report.rows).toMatchObject({ "pay.outbox": { before: 1, now: 0 } });
});

test("until the longest lease is over nobody asks a provider for what was open at the instant", async () => {
  const tenant = await home.platform.createTenant("open");
  const attemptId = await paymentRows(tenant);
  const made = await backUp("open");
  await restore("open", made.id);
  const ctx = await workerOf(tenant);
  expect(await resolveAttempt({ ctx, input: { attemptId } })).toEqual({ kind: "busy" });
  // As long as a delivery's lease: the replaced database may have captured it since, and be delivering it.
  expect(await leasedFor50s(ctx.db)).toEqual([true, true]);
});

test("a turn at the ERP that was taken before the restore is nobody else's after it", async () => {
  const tenant = await home.platform.createTenant("turns");
  const made = await backUp("turns");
  const { signal } = new AbortController();
  const turns = createErpTurns(tenant.db);
  const [kept, givenBack] = [
    await turns.take({ atOnce: 2, signal }),
    await turns.take({ atOnce: 2, signal }),
  ];
  await givenBack.giveBack();
  await restore("turns", made.id);
  const { db } = await home.platform.operator.tenants.open(tenant.tenant.id);
  const taken =
    await db.query`select tenant_id, number from pay.erp_turns where number > 0 and until > now()`;
  expect(taken).toHaveLength(1);
  expect(kept.ends.aborted).toBe(false);
});

test.each(["attempts", "outbox", "erp_turns"])(
  "a tenant whose %s somebody dropped is brought back, and what was open waits all the same",
  async (table) => {
    const slug = `no-${table.replace("_", "-")}`;
    const tenant = await home.platform.createTenant(slug);
    await paymentRows(tenant);
    const made = await backUp(slug);
    const place = { ctx: home.platform.operator, server: null, database: tenant.record.database.name };
    await withOwner(place, (sql) => sql.unsafe(`drop table pay.${table} cascade`));
    const { switched } = await restore(slug, made.id);
    expect(switched?.report).toMatchObject({ oldDatabaseRead: true, payments: [] });
    expect(Object.keys(switched?.report.rows ?? {})).toContain(`pay.${table}`);
    const { db } = await home.platform.operator.tenants.open(tenant.tenant.id);
    expect(await leasedFor50s(db)).toEqual([true, true]);
  },
);
