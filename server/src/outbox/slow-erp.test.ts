import { pino } from "pino";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { Connector, PostResult } from "../connectors/connector.ts";
import { erpTiming } from "../connectors/transport/timing.ts";
import type { Context } from "../context/context.ts";
import { paymentDeliveries } from "../payments/deliveries/deliveries.ts";
import { createWorld } from "../payments/testing/world.ts";
import { type TestDatabase, testDatabase } from "../testing/index.ts";
import { leaseRow } from "./lease-row.ts";
import { leaseMarginMs, leaseS, type TryTiming, tryTimeoutMs } from "./outbox-row.ts";
import { runOutbox } from "./run-outbox.ts";
import { withErp } from "./testing/erp.ts";
import { startWorker, type WorkerHandle } from "./worker.ts";

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

/** A hundredth of everything: what takes 100 s there takes 1 s here. */
const scale = 100;
const hundredth: TryTiming = { leaseS: leaseS / scale, tryTimeoutMs: tryTimeoutMs / scale };

test("a lease is longer than the longest try and what it may have sent last, a try longer than a post", () => {
  expect(tryTimeoutMs).toBeGreaterThan(erpTiming.postMs);
  expect(leaseMarginMs).toBeGreaterThanOrEqual(30_000);
  expect(leaseS * 1_000).toBeGreaterThanOrEqual(tryTimeoutMs + leaseMarginMs);
  for (const { timeoutMs = tryTimeoutMs } of Object.values(paymentDeliveries)) {
    expect(timeoutMs).toBeLessThanOrEqual(tryTimeoutMs);
  }
});

/** An ERP that works a writing off whether anybody waits for it or not. `begun` counts them. */
function slowErp(fast: Connector, writeMs: number) {
  const written = new Map<string, PostResult>();
  let begun = 0;
  const connector: Connector = {
    ...fast,
    async postPayment({ payment, signal }) {
      const earlier = written.get(payment.externalId);
      if (earlier?.kind === "posted") return { ...earlier, already: true };
      begun += 1;
      const working = new Promise<PostResult>((resolve) =>
        setTimeout(async () => {
          const result = await fast.postPayment({ payment, signal: new AbortController().signal });
          written.set(payment.externalId, result);
          resolve(result);
        }, writeMs),
      );
      const left = new Promise<PostResult>((resolve) =>
        signal.addEventListener("abort", () =>
          resolve({ kind: "retry", cause: "cut off", retryAfterMs: null }),
        ),
      );
      return Promise.race([working, left]);
    },
  };
  return { connector, begun: () => begun };
}

/** Two workers that look for work all the time, and hurry each other. */
async function twoWorkers(ctx: Context, timing: TryTiming) {
  const start = () =>
    startWorker({
      deliveries: paymentDeliveries,
      registryUrl: registry.url,
      contextFor: async () => ctx,
      listTenantIds: async () => [ctx.tenant.id],
      resolveAttempt: async () => {},
      log: pino({ level: "silent" }),
      sweep: { activeMs: 50, idleMs: 50 },
      timing,
    });
  running.push(await start(), await start());
}

const until = <T>(check: () => Promise<T> | T) => vi.waitFor(check, { timeout: 20_000, interval: 50 });

test("a writing of 100 s, two workers: it is begun once, heard once, and nobody overtakes", async () => {
  const { ctx, erp, captured, row } = withErp(world.tenant());
  const slow = slowErp(erp.connector, 100_000 / scale);
  const { outboxId } = await captured(100n);
  await twoWorkers({ ...ctx, connector: async () => slow.connector }, hundredth);
  await until(async () => expect(await row(outboxId)).toMatchObject({ state: "done", tries: 1 }));
  expect(slow.begun()).toBe(1);
  expect(erp.payments).toHaveLength(1);
});

test("a writing of 260 s outlives its try: the next one looks before it writes, and finds it", async () => {
  const { ctx, erp, captured, row } = withErp(world.tenant());
  const slow = slowErp(erp.connector, 260_000 / scale);
  const { outboxId } = await captured(100n);
  await twoWorkers({ ...ctx, connector: async () => slow.connector }, hundredth);
  await until(async () => expect(await row(outboxId)).toMatchObject({ state: "done", tries: 2 }));
  expect(slow.begun()).toBe(1);
  expect(await row(outboxId)).toMatchObject({ result: { already: true } });
});

test("a try that outlasts its lease renews it: no second writing starts", async () => {
  const { ctx, erp, captured, row } = withErp(world.tenant());
  const slow = slowErp(erp.connector, 2_000);
  const { outboxId } = await captured(100n);
  await twoWorkers({ ...ctx, connector: async () => slow.connector }, { leaseS: 0.6, tryTimeoutMs: 10_000 });
  await until(async () => expect(await row(outboxId)).toMatchObject({ state: "done", tries: 1 }));
  expect(slow.begun()).toBe(1);
});

test("who finds the lease to be another's ends the try and changes nothing", async () => {
  const { ctx, erp, captured, row, makeDue } = withErp(world.tenant());
  const { outboxId: id } = await captured(100n);
  const hanging: Connector = {
    ...erp.connector,
    postPayment: async ({ signal }) => {
      await makeDue();
      await leaseRow({ ctx, input: { id } });
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return { kind: "refused", cause: "late" };
    },
  };
  const input = { id, deliveries: paymentDeliveries, timing: { leaseS: 0.3, tryTimeoutMs: 20_000 } };
  const before = performance.now();
  await runOutbox({ ctx: { ...ctx, connector: async () => hanging }, input });
  expect(performance.now() - before).toBeLessThan(10_000);
  expect(await row(id)).toMatchObject({ state: "due", tries: 2, last_cause: null });
});
