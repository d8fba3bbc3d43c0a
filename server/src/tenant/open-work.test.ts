import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { closedUnpaidStates, openPaymentStates, type StoredState, storedStates } from "../payments/states.ts";
import { createWorld, type TestTenant } from "../payments/testing/world.ts";
import { openWorkIn } from "./open-work.ts";
import { tenantMigrations } from "./schema.ts";
import { unfinishedWork } from "./unfinished-work.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

interface Stored {
  payment?: StoredState;
  attempt?: StoredState;
  nextCheckAt?: "now" | "infinity";
  delivery?: "due" | "done" | "dead";
}

/** A payment as the tables may hold it, whoever wrote it. */
async function store({ id: tenantId }: TestTenant, stored: Stored): Promise<string> {
  const { payment = "captured", attempt = payment, nextCheckAt = "infinity", delivery } = stored;
  const id = randomUUID();
  await world.admin`
    insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor, surcharge_minor,
      total_minor, lines)
    values (${tenantId}, ${id}, 'C-1', '\\x00', ${payment}, 'USD', 5, 0, 5, '[]')`;
  await world.admin`
    insert into pay.attempts (tenant_id, id, payment_id, provider, statement, state, leased_until, next_check_at)
    values (${tenantId}, ${id}, ${id}, 'sandbox', 'ACME', ${attempt}, now(), ${nextCheckAt}::text::timestamptz)`;
  if (delivery) {
    await world.admin`
      insert into pay.outbox (tenant_id, kind, payment_id, state) values (${tenantId}, 'erp_post', ${id}, ${delivery})`;
  }
  return id;
}

const kindsOf = async ({ sql }: TestTenant) =>
  (await sql<{ kind: string }[]>`select kind from pay.open_work order by kind`).map(({ kind }) => kind);

describe("what is open at a tenant", () => {
  test.each(storedStates)("in state %s: as payments/states.ts says of it", async (state) => {
    const tenant = world.tenant();
    await store(tenant, { payment: state });
    const open = openPaymentStates.includes(state) ? ["outcome", "payment"] : [];
    const conflict = state === "conflicted" ? ["conflict"] : [];
    expect(await kindsOf(tenant)).toEqual([...conflict, ...open]);
  });

  test.each(storedStates)(
    "in state %s, with news of it: late news where it had ended without money",
    async (state) => {
      const tenant = world.tenant();
      await store(tenant, { payment: "captured", attempt: state, nextCheckAt: "now" });
      const news = closedUnpaidStates.includes(state) ? ["late_news"] : [];
      const open = openPaymentStates.includes(state) ? ["outcome"] : [];
      expect(await kindsOf(tenant)).toEqual([...news, ...open]);
    },
  );

  test.each([
    ["due", ["delivery"]],
    ["dead", ["dead_letter"]],
    ["done", []],
  ] as const)("a delivery that is %s: %j", async (delivery, kinds) => {
    const tenant = world.tenant();
    await store(tenant, { delivery });
    expect(await kindsOf(tenant)).toEqual(kinds);
  });

  test("is seen by this tenant alone, and by nobody whose session names none", async () => {
    const [tenant, other] = [world.tenant(), world.tenant()];
    await store(tenant, { payment: "pending", nextCheckAt: "now", delivery: "due" });
    expect(await kindsOf(tenant)).toEqual(["delivery", "outcome", "payment"]);
    expect(await kindsOf(other)).toEqual([]);
    const nobody = await world.admin.reserve();
    try {
      await nobody.unsafe(`set role "${new URL(world.url).username}"`);
      expect(await nobody`select from pay.open_work`).toHaveLength(0);
    } finally {
      await nobody.unsafe("reset role");
      nobody.release();
    }
  });
});

test("unfinished work is counted alike in a database that is older than the view of it", async () => {
  const tenant = world.tenant();
  await store(tenant, { payment: "pending", nextCheckAt: "now" });
  await store(tenant, { payment: "authorized", attempt: "declined" });
  await store(tenant, { payment: "captured", attempt: "pending", delivery: "due" });
  await store(tenant, { payment: "conflicted", delivery: "dead" });
  await store(tenant, { payment: "declined", nextCheckAt: "now", delivery: "done" });
  const counted = { payments: 4, deliveries: 2 };
  expect(await unfinishedWork(tenant.sql)).toEqual(counted);

  const { down } = tenantMigrations().find(({ name }) => name.endsWith("_open_work.sql")) ?? {};
  await world.admin
    .begin(async (older) => {
      await older.unsafe(down ?? "");
      expect(await openWorkIn(older)).not.toBe("pay.open_work");
      await older.unsafe(`set local role "${new URL(world.url).username}"`);
      await older.unsafe(`set local app.tenant_id = '${tenant.id}'`);
      expect(await unfinishedWork(older)).toEqual(counted);
      throw new Error("taken back");
    })
    .catch((error) => expect(error.message).toBe("taken back"));
  expect(await openWorkIn(world.admin)).toBe("pay.open_work");
});

test("what the worker asks every minute is found by the partial indexes, whatever plan is kept", async () => {
  const tenant = world.tenant();
  await world.admin.unsafe(`
    insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor, surcharge_minor,
      total_minor, lines)
    select '${tenant.id}', gen_random_uuid(), 'C-1', '\\x00', 'captured', 'USD', 5, 0, 5, '[]'
    from generate_series(1, 5000);
    insert into pay.attempts (tenant_id, id, payment_id, provider, statement, state, leased_until, next_check_at)
    select tenant_id, id, id, 'sandbox', 'ACME', state, now(), 'infinity' from pay.payments
    where tenant_id = '${tenant.id}';
    insert into pay.outbox (tenant_id, kind, payment_id, state)
    select tenant_id, 'erp_post', id, 'done' from pay.payments where tenant_id = '${tenant.id}';
    analyze pay.attempts; analyze pay.outbox; analyze pay.payments`);
  const session = await tenant.sql.reserve();
  try {
    for (const mode of ["force_generic_plan", "force_custom_plan"]) {
      await session.unsafe(`set plan_cache_mode = ${mode}`);
      await session.unsafe(`prepare ${mode} (uuid) as select * from pay.open_work
        where tenant_id = $1 and kind in ('delivery', 'outcome', 'late_news')`);
      const plan = await session.unsafe<{ "QUERY PLAN": string }[]>(
        `explain execute ${mode} ('${tenant.id}')`,
      );
      const scans = plan.flatMap(
        (row) => /(?:Seq|Index|Only) Scan (?:using \w+ )?on \w+/.exec(row["QUERY PLAN"])?.[0] ?? [],
      );
      expect(scans.join()).toMatch(/outbox_due.*attempts_due.*attempts_news_after_end/);
      expect(scans).toHaveLength(3);
    }
  } finally {
    session.release();
  }
});
