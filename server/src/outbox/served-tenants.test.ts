import { createSecretKey, randomBytes } from "node:crypto";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { createContextFactory } from "../context/context-factory.ts";
import { type TestServer, type TestTenant, testServer } from "../http/testing/test-server.ts";
import { listInvoices } from "../invoices/list-invoices.ts";
import { suspendTenant } from "../operations/provisioning/change-status.ts";
import { paymentDeliveries } from "../payments/deliveries/deliveries.ts";
import { start } from "../payments/testing/start.ts";
import { TenantUnknown } from "../tenant/errors.ts";
import { servedTenants } from "./served-tenants.ts";
import { startWorker, type WorkerHandle, type WorkerOptions } from "./worker.ts";

let line: TestServer;
let acme: TestTenant;
let own: TestTenant;
const ownUrl = "https://own.pay.test";
const running: WorkerHandle[] = [];

beforeAll(async () => {
  line = await testServer({ edgeKey: { alg: "HS256", key: createSecretKey(randomBytes(32)) } });
  acme = await line.createTenant("acme");
  own = await line.createTenant("own");
  await line.platform.operator.registry.sql`
    update tenants set upstream = ${ownUrl}, updated_at = clock_timestamp() where id = ${own.open.tenant.id}`;
});
const stopWorkers = () => Promise.all(running.splice(0).map((worker) => worker.stop()));
afterEach(stopWorkers);
afterAll(() => line.close());

const log = pino({ level: "silent" });
const idOf = ({ open }: TestTenant) => open.tenant.id;

function serving(audience?: string) {
  const { registry, tenants } = line.platform.operator;
  const connectors = new Map([acme, own].map(({ open, erp }) => [open.tenant.slug, erp.connector]));
  const makeContext = createContextFactory({
    log,
    adapters: {
      provider: () => acme.provider,
      connector: ({ clientId }) => connectors.get(clientId) as NonNullable<ReturnType<typeof connectors.get>>,
    },
  });
  return servedTenants({ registry, tenants, makeContext, ...(audience !== undefined && { audience }) });
}

/** The worker of a server. Its sweep looks once, at the start. */
async function startWith(audience?: string, more: Partial<WorkerOptions> = {}): Promise<WorkerHandle> {
  const { registryUrl } = line.platform.address;
  const sweep = { activeMs: 600_000, idleMs: 600_000 };
  const options = { ...serving(audience), resolveAttempt: async () => {}, log, sweep };
  const worker = await startWorker({ deliveries: paymentDeliveries, registryUrl, ...options, ...more });
  running.push(worker);
  return worker;
}

/** What stands in the queue for an outbox row. */
const waiting = (outboxId: string) => line.platform.operator.registry.sql`
  select attempts from graphile_worker.jobs where key like ${`%:${outboxId}`}`;

/** As if its time had come. */
const makeDue = (outboxId: string) => line.platform.operator.registry.sql`
  select graphile_worker.reschedule_jobs(array_agg(id), run_at => now())
  from graphile_worker.jobs where key like ${`%:${outboxId}`}`;

/** A payment captured, its ERP post still to be done. */
async function captured({ ctx, open }: TestTenant): Promise<string> {
  await listInvoices({ ctx, input: { customerId: "C-1", allowedInvoices: null } });
  const answer = await start(ctx, { lines: [[`inv-${open.tenant.slug}-1`, 100n]] });
  expect(answer).toMatchObject({ kind: "payment", payment: { state: "captured" } });
  const [row] = await ctx.db.query<{ tenant_id: string; id: string }>`
    select tenant_id, id from pay.outbox where kind = 'erp_post' and state = 'due'`;
  return row?.id ?? "";
}

const worker = { kind: "worker" } as const;

test("a shared server's worker has the shared tenants, an own instance's that tenant, in lists and in hand", async () => {
  const [shared, dedicated] = [serving(), serving(ownUrl)];
  expect(await shared.listTenantIds()).toEqual([idOf(acme)]);
  expect(await dedicated.listTenantIds()).toEqual([idOf(own)]);
  await expect(shared.contextFor(idOf(own), worker)).rejects.toThrow("another instance's");
  await expect(dedicated.contextFor(idOf(acme), worker)).rejects.toThrow("another instance's");
});

test("a half-made tenant is nobody's work", async () => {
  const made = await line.createTenant("halfmade");
  await line.platform.operator.registry.sql`update tenants set status = 'creating' where id = ${idOf(made)}`;
  expect(await serving().listTenantIds()).toEqual([idOf(acme)]);
  await expect(serving().contextFor(idOf(made), worker)).rejects.toBeInstanceOf(TenantUnknown);
});

test("a job of an own instance waits for that instance, though a shared worker reads the same queue", async () => {
  const [ownJob, sharedJob] = [await captured(own), await captured(acme)];
  const inAnHour = new Date(Date.now() + 3_600_000);
  const dedicated = await startWith(ownUrl, { listTenantIds: async () => [] });
  await dedicated.wake(idOf(own), [{ kind: "outbox", id: ownJob, runAt: inAnHour }]);
  await stopWorkers();
  await makeDue(ownJob);

  const shared = await startWith(undefined, { listTenantIds: async () => [] });
  // Due after it: whoever takes this one has passed over the other.
  await shared.wake(idOf(acme), [{ kind: "outbox", id: sharedJob }]);
  await vi.waitFor(() => expect(acme.erp.payments).toHaveLength(1), { timeout: 10_000 });
  expect(await waiting(ownJob)).toEqual([{ attempts: 0 }]);
  await stopWorkers();

  await startWith(ownUrl, { listTenantIds: async () => [] });
  await vi.waitFor(() => expect(own.erp.payments).toHaveLength(1), { timeout: 10_000 });
});

test("what a tenant captured before it was suspended is posted to the ERP and receipted", async () => {
  await captured(acme);
  const before = acme.erp.payments.length;
  await suspendTenant({ ctx: line.platform.operator, input: { slug: "acme" } });
  await startWith();
  await vi.waitFor(
    async () => {
      const open = await acme.ctx.db.query`select tenant_id, kind from pay.outbox where state <> 'done'`;
      expect(open).toEqual([]);
    },
    { timeout: 10_000 },
  );
  expect(acme.erp.payments).toHaveLength(before + 1);
});
