import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Connector } from "../connectors/connector.ts";
import type { Context } from "../context/context.ts";
import { connect } from "../database/connect.ts";
import { paymentDeliveries } from "../payments/deliveries/deliveries.ts";
import { storedStates } from "../payments/states.ts";
import { createWorld } from "../payments/testing/world.ts";
import { type TestDatabase, testDatabase } from "../testing/index.ts";
import type { Chore } from "./chores.ts";
import { findDueWork } from "./find-due-work.ts";
import { purgeUsedTokens } from "./purge-used-tokens.ts";
import { withErp } from "./testing/erp.ts";
import { startWorker, type WorkerHandle, type WorkerOptions } from "./worker.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
let registry: TestDatabase;
let worker: WorkerHandle | null = null;
beforeAll(async () => {
  [world, registry] = await Promise.all([createWorld(), testDatabase()]);
});
afterEach(async () => {
  await worker?.stop();
  worker = null;
});
afterAll(async () => {
  await world.close();
  await registry.close();
});

const never = () => new Promise<never>(() => {});
const fails = () => Promise.reject(new Error("broken"));
const until = <T>(check: () => Promise<T> | T) => vi.waitFor(check, { timeout: 15_000, interval: 50 });

async function work(ctx: Context, options: Partial<WorkerOptions> = {}) {
  worker = await startWorker({
    deliveries: paymentDeliveries,
    registryUrl: registry.url,
    contextFor: async () => ctx,
    listTenantIds: async () => [ctx.tenant.id],
    resolveAttempt: async () => {},
    log: pino({ level: "silent" }),
    sweep: { activeMs: 100, idleMs: 100 },
    ...options,
  });
  return worker;
}

/** The tenant's database, on which whatever counts rows does `otherwise`. */
function whereCountingIs(otherwise: () => Promise<never>, ctx: Context): Context {
  const query = ((strings: TemplateStringsArray, ...values: never[]) =>
    /^\s*select.*count\(\*\)|pay\.used_tokens/s.test(strings.join("?"))
      ? otherwise()
      : ctx.db.query(strings, ...values)) as Context["db"]["query"];
  return { ...ctx, db: { ...ctx.db, query } };
}

describe.each([
  ["never ends", never],
  ["fails", fails],
])("due work nobody was woken for is found and done though", (how, otherwise) => {
  test(`counting what waits, and purging, ${how}`, async () => {
    const { ctx, captured, row } = withErp(world.tenant());
    const first = await captured(100n);
    await work(whereCountingIs(otherwise, ctx));
    await until(async () => expect((await row(first.outboxId)).state).toBe("done"));
    const second = await captured(100n);
    await until(async () => expect((await row(second.outboxId)).state).toBe("done"));
  });

  test(`a chore ${how}, and the other chores are done`, async () => {
    const { ctx, captured, row } = withErp(world.tenant());
    const { outboxId } = await captured(100n);
    const done: string[] = [];
    const chores: Chore[] = [
      { name: "broken", everyMs: 1, longestMs: 200, run: otherwise },
      { name: "whole", everyMs: 1, run: async () => void done.push("whole") },
    ];
    await work(ctx, { chores });
    await until(async () => expect((await row(outboxId)).state).toBe("done"));
    await until(() => expect(done).toContain("whole"));
  });
});

test("due work is found and done though the registry frees no dead workers' jobs", async () => {
  const { ctx, captured, row } = withErp(world.tenant());
  await work(ctx);
  const admin = connect({ url: registry.url, max: 1 });
  await admin`alter function graphile_worker.force_unlock_workers rename to gone`;
  const { outboxId } = await captured(100n);
  await until(async () => expect((await row(outboxId)).state).toBe("done"));
  await admin`alter function graphile_worker.gone rename to force_unlock_workers`;
  await admin.end();
});

test("what waits in one tenant's chore holds up no other tenant's", async () => {
  const [stuck, other] = [withErp(world.tenant()).ctx, withErp(world.tenant()).ctx];
  const looked: string[] = [];
  const chores: Chore[] = [
    {
      name: "stuck at one",
      everyMs: 1,
      longestMs: 600_000,
      async run({ tenant }) {
        if (tenant.id === stuck.tenant.id) await never();
        looked.push(tenant.id);
      },
    },
  ];
  const contexts = [stuck, other];
  await work(stuck, {
    chores,
    listTenantIds: async () => contexts.map(({ tenant }) => tenant.id),
    contextFor: async (id) => contexts.find(({ tenant }) => tenant.id === id) ?? stuck,
  });
  await until(() => expect(looked.length).toBeGreaterThan(2));
  expect(new Set(looked)).toEqual(new Set([other.tenant.id]));
});

test("a chore that failed is not tried at every look, however soon the next one is", async () => {
  const { ctx } = withErp(world.tenant());
  let tries = 0;
  let looks = 0;
  await work(ctx, {
    chores: [
      { name: "broken", everyMs: 1_000_000, run: () => fails().finally(() => tries++) },
      { name: "whole", everyMs: 1, run: async () => void looks++ },
    ],
  });
  await until(() => expect(looks).toBeGreaterThan(4));
  expect(tries).toBe(1);
});

test("a backlog of deliveries does not keep an attempt of unknown outcome from being found, oldest first", async () => {
  const tenant = world.tenant();
  const invoice = await tenant.invoice(100n);
  const [claimed] = await world.admin<{ id: string }[]>`
    with payment as (
      insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor, surcharge_minor,
        total_minor, lines)
      values (${tenant.id}, gen_random_uuid(), 'C-1', '\\x00', 'pending', 'USD', 100, 0, 100,
        ${world.admin.json([{ invoiceId: invoice, invoiceNumber: "N", amountMinor: "100" }])})
      returning tenant_id, id
    )
    insert into pay.attempts (tenant_id, id, payment_id, provider, token, statement, state, leased_until, next_check_at)
    select tenant_id, gen_random_uuid(), id, 'fake', 't', 's', 'pending', '-infinity', now() from payment returning id`;
  await world.admin`
    insert into pay.outbox (tenant_id, kind, payment_id, due_at)
    select ${tenant.id}, 'erp_post', gen_random_uuid(), now() - make_interval(hours => n) from generate_series(1, 1000) n`;
  const [oldest] = await world.admin<{ id: string }[]>`
    select id from pay.outbox where tenant_id = ${tenant.id} order by due_at limit 1`;
  const { jobs, open } = await findDueWork({ ctx: tenant.ctx });
  expect(open).toBe(true);
  expect(jobs).toContainEqual({ kind: "resolve_attempt", id: claimed?.id });
  expect(jobs).toContainEqual({ kind: "outbox", id: oldest?.id });
  expect(jobs.length).toBeLessThanOrEqual(600);
});

test("what is found is what the tenant's open work has due, in whatever state it is", async () => {
  const tenant = world.tenant();
  await world.admin`
    with attempt as (
      select gen_random_uuid() as id, state, check_at, leased
      from unnest(${[...storedStates]}::text[]) as state,
        unnest(array['-1 h', '1 h', 'infinity']) as check_at, unnest(array['-1 h', '1 h']) as leased
    ), payment as (
      insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor, surcharge_minor,
        total_minor, lines)
      select ${tenant.id}, id, 'C-1', '\\x00', state, 'USD', 5, 0, 5, '[]' from attempt
    ), delivery as (
      insert into pay.outbox (tenant_id, kind, payment_id, state, due_at, leased_until)
      select ${tenant.id}, 'erp_post', gen_random_uuid(), state, now() + due::interval, now() + leased::interval
      from unnest(array['due', 'done', 'dead']) as state, unnest(array['-1 h', '1 h']) as due,
        unnest(array['-1 h', '1 h']) as leased
    )
    insert into pay.attempts (tenant_id, id, payment_id, provider, statement, state, leased_until, next_check_at)
    select ${tenant.id}, id, id, 'sandbox', 'ACME', state, now() + leased::interval,
      case check_at when 'infinity' then 'infinity' else now() + check_at::interval end
    from attempt`;
  const due = await tenant.sql<{ id: string }[]>`
    select id from pay.open_work
    where kind in ('delivery', 'outcome', 'late_news') and due_at <= now() and leased_until <= now()`;
  const { jobs } = await findDueWork({ ctx: tenant.ctx });
  expect(jobs.map(({ id }) => id).sort()).toEqual(due.map(({ id }) => id).sort());
  expect(jobs).toHaveLength(6);
});

test("finding due work among 50,000 rows that wait reads no more of them than it names", async () => {
  const tenant = world.tenant();
  await world.admin`
    insert into pay.outbox (tenant_id, kind, payment_id, due_at)
    select ${tenant.id}, 'erp_post', gen_random_uuid(), now() - interval '1 h' from generate_series(1, 50000)`;
  await world.admin`analyze pay.outbox`;
  const plan = async (text: string, values: unknown[]) => {
    const lines = await world.admin.unsafe(`explain (analyze, format json) ${text}`, values as never[]);
    return JSON.stringify(lines);
  };
  let asked = "";
  const query = (async (strings: TemplateStringsArray, ...values: unknown[]) => {
    asked = await plan(
      strings.reduce((text, part, at) => `${text}$${at}${part}`),
      values,
    );
    return [];
  }) as unknown as Context["db"]["query"];
  await findDueWork({ ctx: { ...tenant.ctx, db: { ...tenant.ctx.db, query } } });
  const read = [...asked.matchAll(/"Actual Rows":\s*(\d+)/g)].map(([, rows]) => Number(rows));
  expect(Math.max(...read)).toBeLessThanOrEqual(600);
  await world.admin`truncate pay.outbox`;
});

test("whether money moved is found out before what only posts it: attempts go first in a tenant's queue", async () => {
  const { ctx, erp, captured } = withErp(world.tenant());
  const rows = [];
  for (let n = 0; n < 4; n += 1) rows.push(await captured(100n));
  const gate = Promise.withResolvers<void>();
  const order: string[] = [];
  const slow: Connector = {
    ...erp.connector,
    async postPayment(input) {
      order.push("posting");
      await gate.promise;
      return erp.connector.postPayment(input);
    },
  };
  const handle = await work(
    { ...ctx, connector: async () => slow },
    {
      sweep: { activeMs: 600_000, idleMs: 600_000 },
      // The sweep's own look finds nothing to do: the order is that of the queue.
      listTenantIds: async () => [],
      jobsAtOnce: async () => 1,
      resolveAttempt: async () => void order.push("resolving"),
    },
  );
  await handle.wake(ctx.tenant.id, [{ kind: "outbox", id: rows[0]?.outboxId ?? "" }]);
  await until(() => expect(order).toEqual(["posting"]));
  await handle.wake(
    ctx.tenant.id,
    rows.slice(1).map(({ outboxId }) => ({ kind: "outbox" as const, id: outboxId })),
  );
  await handle.wake(ctx.tenant.id, [{ kind: "resolve_attempt", id: rows[0]?.paymentId ?? "" }]);
  gate.resolve();
  await until(() => expect(order).toHaveLength(5));
  expect(order[1]).toBe("resolving");
});

test("purging goes on where a time-out would end it: some thousands at a time", async () => {
  const tenant = world.tenant();
  await world.admin`
    insert into pay.used_tokens (tenant_id, digest, expires_at)
    select ${tenant.id}, sha256(n::text::bytea), now() - interval '1 day' from generate_series(1, 25000) n`;
  let [most, statements] = [0, 0];
  const query = (async (strings: TemplateStringsArray, ...values: never[]) => {
    const gone = await tenant.ctx.db.query(strings, ...values);
    most = Math.max(most, gone.length);
    statements += 1;
    return gone;
  }) as Context["db"]["query"];
  const ctx = { ...tenant.ctx, db: { ...tenant.ctx.db, query } };
  expect(await purgeUsedTokens({ ctx })).toBe(25_000);
  expect(most).toBeLessThanOrEqual(10_000);
  expect(statements).toBeGreaterThan(2);
});
