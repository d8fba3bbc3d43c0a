import { Problem } from "@clarity/bff/contract";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { Refusal } from "../http/refusal.ts";
import { type TestRedis, testRedis } from "../testing/redis.ts";
import { createRig, port, type Rig } from "../testing/rig.ts";
import { createRateLimit, type RateLimit } from "./rate-limit.ts";
import { openSharedState, type SharedState } from "./shared-state.ts";

let redis: TestRedis;
const opened: SharedState[] = [];
const rigs: Rig[] = [];
beforeAll(async () => {
  redis = await testRedis();
});
afterEach(async () => {
  await Promise.all([...opened.splice(0), ...rigs.splice(0)].map((one) => one.close()));
});
afterAll(() => redis.kill());

/** As one edge holds it, connected. */
async function shared(): Promise<SharedState> {
  const state = openSharedState({ url: redis.url, log: pino({ level: "silent" }) });
  opened.push(state);
  await connected(state);
  return state;
}
const connected = (state: SharedState) =>
  vi.waitFor(() => state.redis.ping(), { timeout: 10_000, interval: 20 });

async function edge(options: Parameters<typeof createRig>[0] = {}): Promise<Rig> {
  const rig = await createRig(options);
  rigs.push(rig);
  return rig;
}

/** One that no edge has read yet: the tenant is counted for asking its server. */
let sheets = 0;
const sheet = () => `/theme/${String(++sheets).padStart(8, "0")}.css`;

const stores: Record<string, () => Promise<Parameters<typeof createRateLimit>[0]>> = {
  memory: async () => ({}),
  Redis: async () => ({ redis: (await shared()).redis }),
};

describe.each(Object.keys(stores))("limits counted in %s", (store) => {
  /** Of 60 requests a minute 20 come at once, then no more for 20 s. */
  const tenant = (key: string, requestsPerMinute = 60) => ({
    kind: "tenant" as const,
    share: "pay",
    key: `${store}-${key}`,
    requestsPerMinute,
  });
  const create = async (): Promise<RateLimit> => createRateLimit((await stores[store]?.()) ?? {});

  test("let as many through as a tenant may, then say how long to wait", async () => {
    const limit = await create();
    const who = tenant("a");
    for (let n = 0; n < 20; n++) {
      await limit.refuseSpent(who);
      await limit.count(who);
    }
    for (const ask of [limit.count, limit.refuseSpent]) {
      const refusal = await ask(who).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(Refusal);
      expect(refusal).toMatchObject({ code: "rate_limited", waitS: expect.any(Number) });
      expect((refusal as Refusal).waitS).toBeGreaterThan(0);
      expect((refusal as Refusal).waitS).toBeLessThanOrEqual(20);
    }
  });

  test("keep tenants, sessions and addresses apart, and a hundred at once from slipping through", async () => {
    const limit = await create();
    await limit.count({ kind: "session", key: `${store}-same` });
    await limit.count({ kind: "address", share: "newcomer", key: `${store}-same` });
    const tries = await Promise.allSettled(Array.from({ length: 100 }, () => limit.count(tenant("b"))));
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(20);
    await limit.count(tenant("c"));
  });

  test("give a tenant whose limit is raised the new one at once", async () => {
    const limit = await create();
    for (let n = 0; n < 20; n++) await limit.count(tenant("d"));
    await expect(limit.count(tenant("d"))).rejects.toMatchObject({ code: "rate_limited" });
    await limit.count(tenant("d", 120));
  });
});

test("edges that share a Redis count one tenant's requests together, others each for themselves", async () => {
  const host = "acme.localhost";
  const statuses = async (rigs: Rig[]) => {
    const answers: number[] = [];
    for (let n = 0; n < 3; n++) for (const rig of rigs) answers.push((await rig.call(host, sheet())).status);
    return answers.filter((status) => status === 429).length;
  };
  const limits = { tenant: 4 };
  expect(await statuses([await edge({ limits }), await edge({ limits })])).toBe(0);
  const together = [
    await edge({ limits, shared: await shared() }),
    await edge({ limits, shared: await shared() }),
  ];
  expect(await statuses(together)).toBe(2);
  const refused = await together[0]?.call(host, sheet());
  expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
});

test("what the server says a tenant may is its limit", async () => {
  const rig = await edge();
  const entry = rig.hosts.get("acme.localhost");
  if (!entry) throw new Error("the rig knows acme");
  rig.hosts.set("acme.localhost", { ...entry, requestsPerMinute: 120 });
  const refused = async (host: string) => {
    const answers = await Promise.all(Array.from({ length: 23 }, () => rig.call(host, sheet())));
    return answers.filter(({ status }) => status === 429).length;
  };
  expect(await refused("acme.localhost")).toBe(3);
  expect(await refused("globex.localhost")).toBe(0);
});

test("a proof used at one edge is refused at another that shares its Redis, and at itself", async () => {
  const [one, other] = [await edge({ shared: await shared() }), await edge({ shared: await shared() })];
  const visitor = await one.enter("acme.localhost");
  const url = `http://acme.localhost:${port}/v1/session`;
  const body = JSON.stringify({ token: "e".repeat(40), locales: ["en"] });
  const dpop = await visitor.browser.proof({ method: "POST", url });
  const init = { method: "POST", headers: { dpop, "content-type": "application/json" }, body };
  expect((await one.call("acme.localhost", "/v1/session", init)).status).toBe(200);
  for (const rig of [other, one]) {
    const again = await rig.call("acme.localhost", "/v1/session", init);
    expect(Problem.parse(await again.json()).code).toBe("proof_invalid");
  }
});

test("while Redis is gone each edge counts for itself and payers notice nothing; back again, they count together", async () => {
  const limits = { tenant: 4 };
  const states = [await shared(), await shared()];
  const pair = await Promise.all(states.map((state) => edge({ limits, shared: state })));
  const up = async () =>
    (await (await pair[0]?.call("127.0.0.1", "/metrics"))?.text())?.match(/^edge_redis_up (\d)$/m)?.[1];
  expect(await up()).toBe("1");
  await redis.kill();
  const ask = async (rig: Rig | undefined) => (await rig?.call("globex.localhost", sheet()))?.status;
  for (const rig of pair) {
    const answers = await Promise.all(Array.from({ length: 6 }, () => ask(rig)));
    expect(answers.filter((status) => status === 429)).toHaveLength(2);
  }
  const visitor = await pair[0]?.enter("acme.localhost");
  expect((await visitor?.call("/v1/invoices"))?.status).toBe(200);
  expect(await up()).toBe("0");
  await redis.start();
  await Promise.all(states.map(connected));
  const answers = [];
  for (let n = 0; n < 3; n++) for (const rig of pair) answers.push(await ask(rig));
  expect(answers.filter((status) => status === 429)).toHaveLength(2);
});
