import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Connector } from "../connectors/connector.ts";
import type { Context } from "../context/context.ts";
import { connect } from "../database/connect.ts";
import { paymentDeliveries } from "../payments/deliveries/deliveries.ts";
import { createWorld } from "../payments/testing/world.ts";
import { type TestDatabase, testDatabase } from "../testing/index.ts";
import { serveErp, withErp } from "./testing/erp.ts";
import type { Input } from "./testing/worker-process.ts";
import { startWorker, type WorkerHandle, type WorkerOptions } from "./worker.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
let registry: TestDatabase;
const running: WorkerHandle[] = [];
beforeAll(async () => {
  [world, registry] = await Promise.all([createWorld(), testDatabase()]);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.stop()));
});
afterAll(async () => {
  await world.close();
  await registry.close();
});

const rarely = { activeMs: 600_000, idleMs: 600_000 };
const often = { activeMs: 100, idleMs: 100 };

async function work(contexts: Context[], options: Partial<WorkerOptions> = {}): Promise<WorkerHandle> {
  const worker = await startWorker({
    deliveries: paymentDeliveries,
    registryUrl: registry.url,
    contextFor: async (tenantId) => {
      const ctx = contexts.find(({ tenant }) => tenant.id === tenantId);
      if (!ctx) throw new Error("no such tenant");
      return ctx;
    },
    listTenantIds: async () => contexts.map(({ tenant }) => tenant.id),
    resolveAttempt: async () => {},
    log: pino({ level: "silent" }),
    sweep: rarely,
    ...options,
  });
  running.push(worker);
  return worker;
}

const until = <T>(check: () => Promise<T> | T) => vi.waitFor(check, { timeout: 20_000, interval: 50 });

test("woken, it delivers at once; woken twenty times, it delivers once", async () => {
  const { ctx, erp, captured, row } = withErp(world.tenant());
  // The sweep's first look, at nothing, is over.
  const worker = await work([ctx]);
  const { outboxId } = await captured(100n);
  await Promise.all(
    Array.from({ length: 20 }, () => worker.wake(ctx.tenant.id, [{ kind: "outbox", id: outboxId }])),
  );
  await until(async () => expect((await row(outboxId)).state).toBe("done"));
  expect(erp.payments).toHaveLength(1);
  expect((await row(outboxId)).tries).toBe(1);
});

test("what failed is tried again after its pause, without a sweep", async () => {
  const { ctx, erp, captured, row } = withErp(world.tenant());
  const waking: Context = { ...ctx, wake: (jobs) => worker.wake(ctx.tenant.id, jobs) };
  const worker: WorkerHandle = await work([waking]);
  const { outboxId } = await captured(100n);
  erp.fail("unavailable", "write");
  await worker.wake(ctx.tenant.id, [{ kind: "outbox", id: outboxId }]);
  await until(async () => expect(await row(outboxId)).toMatchObject({ state: "done", tries: 2 }));
  expect(erp.payments).toHaveLength(1);
});

test("a wake-up that was lost is made good by the sweep, for rows and for attempts", async () => {
  const { ctx, tenant, captured, row } = withErp(world.tenant());
  const { outboxId } = await captured(100n);
  await tenant.sql`update pay.attempts set state = 'pending', next_check_at = now(), leased_until = '-infinity'
    where tenant_id = ${tenant.id}`;
  const [attempt] = await tenant.attempts();
  const resolved: string[] = [];
  await work([ctx], {
    sweep: often,
    resolveAttempt: async ({ input }) => void resolved.push(input.attemptId),
  });
  await until(async () => expect((await row(outboxId)).state).toBe("done"));
  await until(() => expect(resolved).toContain(attempt?.id));
});

test("embed tokens that have expired are forgotten, living ones are not", async () => {
  const { ctx, tenant } = withErp(world.tenant());
  await tenant.sql`insert into pay.used_tokens values
    (${tenant.id}, 'old', now() - interval '1 hour'), (${tenant.id}, 'new', now() + interval '1 minute')`;
  await work([ctx], { sweep: often });
  const digests = async () =>
    (await tenant.sql`select convert_from(digest, 'UTF8') as digest from pay.used_tokens`).map(
      (r) => r.digest,
    );
  await until(async () => expect(await digests()).toEqual(["new"]));
});

test("one tenant has at most its share of jobs at once, over all workers, and does not hold up another", async () => {
  const [busy, quiet] = [withErp(world.tenant()), withErp(world.tenant())];
  const ids: string[] = [];
  // Rows are spread over the tenant's two queues by their random ids: of 24, all on one is one in 8 million.
  for (let n = 0; n < 24; n += 1) ids.push((await busy.captured(100n)).outboxId);
  const other = await quiet.captured(100n);
  const gate = Promise.withResolvers<void>();
  let [now, most] = [0, 0];
  const slow: Connector = {
    ...busy.erp.connector,
    async postPayment(input) {
      now += 1;
      most = Math.max(most, now);
      await gate.promise;
      now -= 1;
      return busy.erp.connector.postPayment(input);
    },
  };
  const slowCtx = { ...busy.ctx, connector: async () => slow };
  const start = () => work([slowCtx, quiet.ctx], { concurrency: 6, jobsAtOnce: async () => 2 });
  const [worker, another] = [await start(), await start()];
  const jobs = ids.map((id) => ({ kind: "outbox" as const, id }));
  await worker.wake(busy.ctx.tenant.id, jobs.slice(0, 12));
  await another.wake(busy.ctx.tenant.id, jobs.slice(12));
  await until(() => expect(now).toBe(2));
  await worker.wake(quiet.ctx.tenant.id, [{ kind: "outbox", id: other.outboxId }]);
  await until(async () => expect((await quiet.row(other.outboxId)).state).toBe("done"));
  gate.resolve();
  await until(() => expect(busy.erp.payments).toHaveLength(24));
  expect(most).toBe(2);
});

test("the registry's connections cut: the worker comes back by itself", async () => {
  const { ctx, captured, row } = withErp(world.tenant());
  const worker = await work([ctx], { sweep: often });
  const { outboxId: first } = await captured(100n);
  await until(async () => expect((await row(first)).state).toBe("done"));

  const admin = connect({ url: registry.url, max: 1 });
  const cut = () => admin`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`;
  await cut();
  await cut();
  const { outboxId } = await captured(100n);
  await worker.wake(ctx.tenant.id, [{ kind: "outbox", id: outboxId }]).catch(() => {});
  await until(async () => expect((await row(outboxId)).state).toBe("done"));
  await admin.end();
});

test("stopping takes less than 5 s, however long the ERP takes, and loses nothing", async () => {
  const { ctx, erp, captured, row, makeDue } = withErp(world.tenant());
  const { outboxId } = await captured(100n);
  const started = Promise.withResolvers<void>();
  const hanging: Connector = {
    ...erp.connector,
    postPayment: ({ signal }) =>
      new Promise((resolve) => {
        started.resolve();
        signal.addEventListener("abort", () =>
          resolve({ kind: "retry", cause: "stopped", retryAfterMs: null }),
        );
      }),
  };
  const worker = await work([{ ...ctx, connector: async () => hanging }]);
  await worker.wake(ctx.tenant.id, [{ kind: "outbox", id: outboxId }]);
  await started.promise;
  const before = Date.now();
  await worker.stop();
  running.length = 0;
  expect(Date.now() - before).toBeLessThan(5_000);
  expect(await row(outboxId)).toMatchObject({ state: "due", last_cause: "stopped" });

  await makeDue();
  await work([ctx], { sweep: often });
  await until(async () => expect((await row(outboxId)).state).toBe("done"));
});

test("a worker killed with -9 after the ERP's yes, before it heard it: another finishes, one ERP payment", async () => {
  const { ctx, erp, tenant, captured, row } = withErp(world.tenant());
  const { outboxId, invoices } = await captured(100n);
  const posted = Promise.withResolvers<void>();
  const remote = await serveErp(erp.connector, async () => {
    posted.resolve();
    await new Promise(() => {});
  });
  const input: Input = {
    registryUrl: registry.url,
    tenantUrl: world.url,
    tenantId: ctx.tenant.id,
    erpUrl: remote.url,
  };
  const script = fileURLToPath(new URL("testing/worker-process.ts", import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(input)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await posted.promise;
  child.kill("SIGKILL");
  await once(child, "exit");
  remote.close();
  expect(await row(outboxId)).toMatchObject({ state: "due", tries: 1 });
  expect(erp.payments).toHaveLength(1);

  // The dead worker's lease runs out.
  await tenant.sql`update pay.outbox set leased_until = now() where tenant_id = ${tenant.id}`;
  await work([ctx], { sweep: often });
  await until(async () => expect((await row(outboxId)).state).toBe("done"));
  expect(erp.payments).toHaveLength(1);
  expect((await row(outboxId)).result).toMatchObject({ already: true });
  expect(await tenant.balance(invoices[0] ?? "")).toEqual([0n, 0n, 0n]);
});

test("a job that names no tenant of ours is dropped, the next one runs", async () => {
  const { ctx, captured, row } = withErp(world.tenant());
  const worker = await work([ctx]);
  const { outboxId } = await captured(100n);
  await worker.wake(randomUUID(), [{ kind: "outbox", id: randomUUID() }]);
  await worker.wake(ctx.tenant.id, [{ kind: "outbox", id: outboxId }]);
  await until(async () => expect((await row(outboxId)).state).toBe("done"));
});
