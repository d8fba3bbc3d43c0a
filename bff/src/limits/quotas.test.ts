import { pino } from "pino";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { createBrowser } from "../testing/browser.ts";
import { type TestRedis, testRedis } from "../testing/redis.ts";
import { createRig, port, problem, type Rig, usualAnswer } from "../testing/rig.ts";
import { openSharedState, type SharedState } from "./shared-state.ts";

/** What strangers ask for is charged to their address, and to nobody whose money is on its way. */
const host = "acme.localhost";
/** What the server takes for a token, or for a provider's signature. */
const genuine = "genuine".repeat(6);

let redis: TestRedis;
const closing: { close(): Promise<void> }[] = [];
beforeAll(async () => {
  redis = await testRedis();
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((one) => one.close()));
});
afterAll(() => redis.kill());

const counters: Record<string, () => Promise<SharedState | null>> = {
  memory: async () => null,
  async Redis() {
    const shared = openSharedState({ url: redis.url, log: pino({ level: "silent" }) });
    closing.push(shared);
    await new Promise((resolve) => shared.redis.once("ready", resolve));
    await shared.redis.flushall();
    return shared;
  },
};

const strangers = Array.from({ length: 8 }, (_, n) => `192.0.2.${n + 1}`);
const payers = Array.from({ length: 40 }, (_, n) => `198.51.100.${n + 1}`);
const provider = "203.0.113.9";

/** An edge behind a proxy, before a server that tells what is genuine. */
async function edge(counter: string, options: Parameters<typeof createRig>[0] = {}) {
  const shared = (await counters[counter]?.()) ?? null;
  const rig = await createRig({ trustForwarded: true, shared, ...options });
  closing.push(rig);
  // An upstream of the test's own answers by itself.
  rig.answer((path, body) => {
    if (path.endsWith("/session") && !body.includes(genuine)) return problem("token_invalid");
    if (path.includes("/webhooks/") && !body.includes(genuine)) return problem("proof_invalid");
    return null;
  });
  return rig;
}

const browser = await createBrowser();
async function openSession(rig: Rig, from: string, token: string): Promise<number> {
  const dpop = await browser.proof({ method: "POST", url: `http://${host}:${port}/v1/session` });
  const headers = { dpop, "content-type": "application/json", "x-forwarded-for": from };
  const body = JSON.stringify({ token, locales: ["en"] });
  return (await rig.call(host, "/v1/session", { method: "POST", headers, body })).status;
}
const webhook = async (rig: Rig, from: string, body: string) =>
  (await rig.call(host, "/webhooks/sandbox", { method: "POST", headers: { "x-forwarded-for": from }, body }))
    .status;
const sheet = async (rig: Rig, from: string, file = "abcdefgh") =>
  (await rig.call(host, `/theme/${file}.css`, { headers: { "x-forwarded-for": from } })).status;

/** Statuses of so many of these at once. */
const times = async (count: number, ask: (n: number) => Promise<number>) =>
  Promise.all(Array.from({ length: count }, (_, n) => ask(n)));
const whichAre = (statuses: number[], status: number) => statuses.filter((one) => one === status).length;

describe.each(Object.keys(counters))("counted in %s", (counter) => {
  test("whoever makes proofs and no token that is any good spends no payer's quota", async () => {
    const rig = await edge(counter, { limits: { tenant: 60 } });
    const forged = await times(160, (n) =>
      openSession(rig, strangers[n % 8] ?? "", `forged${"x".repeat(40)}`),
    );
    expect(whichAre(forged, 401)).toBe(160);
    expect(whichAre(await times(40, (n) => openSession(rig, payers[n] ?? "", genuine)), 200)).toBe(40);
  });

  test("tokens that are good spend their tenant's quota, and no more sessions open than it has", async () => {
    const rig = await edge(counter, { limits: { tenant: 5 } });
    const statuses = [];
    for (let n = 0; n < 8; n++) statuses.push(await openSession(rig, payers[n] ?? "", genuine));
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429]);
  });

  test("strangers spend their own address, each for itself, and the server hears no more of them", async () => {
    const rig = await edge(counter, { limits: { address: 10 } });
    const forged = () => openSession(rig, "192.0.2.1", "forged".repeat(7));
    expect(whichAre(await times(30, forged), 429)).toBe(20);
    expect(rig.seen.filter(({ path }) => path.endsWith("/session"))).toHaveLength(10);
    expect(await openSession(rig, "192.0.2.2", genuine)).toBe(200);
  });

  test("a provider's webhooks come through while strangers flood the same route and the theme", async () => {
    const rig = await edge(counter, { limits: { tenant: 60, address: 45 } });
    const [, , delivered] = await Promise.all([
      times(400, (n) => webhook(rig, strangers[n % 8] ?? "", "forged")),
      times(400, (n) => sheet(rig, strangers[n % 8] ?? "", `nosuch${n}`)),
      times(40, () => webhook(rig, provider, genuine)),
    ]);
    expect(whichAre(delivered, 202)).toBe(40);
    expect(whichAre(await times(20, () => webhook(rig, provider, genuine)), 202)).toBe(20);
    expect(whichAre(await times(40, (n) => openSession(rig, payers[n] ?? "", genuine)), 200)).toBe(40);
  });

  test("forged webhooks are refused by address once it has had its share, and never reach the server then", async () => {
    const rig = await edge(counter, { limits: { address: 10 } });
    expect(whichAre(await times(50, () => webhook(rig, "192.0.2.1", "forged")), 429)).toBe(40);
    expect(rig.seen.filter(({ path }) => path.includes("/webhooks/"))).toHaveLength(10);
  });

  test("an address whose webhooks were genuine is not locked out by some that are not, another tenant's among them", async () => {
    const rig = await edge(counter, { limits: { address: 10 } });
    expect(await webhook(rig, provider, genuine)).toBe(202);
    expect(whichAre(await times(40, () => webhook(rig, provider, "forged")), 401)).toBe(40);
    expect(await webhook(rig, provider, genuine)).toBe(202);
    const headers = { "x-forwarded-for": provider };
    expect((await rig.call("globex.localhost", "/embed")).status).toBe(200);
    const elsewhere = await times(20, async () => {
      const init = { method: "POST", headers, body: "forged" };
      return (await rig.call("globex.localhost", "/webhooks/sandbox", init)).status;
    });
    expect(whichAre(elsewhere, 429)).toBe(10);
    expect(await webhook(rig, provider, genuine)).toBe(202);
  });

  test("more genuine webhooks than a tenant may have are refused, and payers are not", async () => {
    const rig = await edge(counter, { limits: { tenant: 10 } });
    const statuses = [];
    for (let n = 0; n < 15; n++) statuses.push(await webhook(rig, provider, genuine));
    expect(whichAre(statuses, 429)).toBe(5);
    expect(await openSession(rig, payers[0] ?? "", genuine)).toBe(200);
  });

  test("a style sheet the edge has had is served to anybody, however many are asked for that are none", async () => {
    const rig = await edge(counter, { limits: { tenant: 20, address: 10 } });
    expect(await sheet(rig, provider)).toBe(200);
    rig.answer((path) => (path.includes("/theme/") ? problem("not_found") : null));
    const made = await times(100, (n) => sheet(rig, strangers[n % 8] ?? "", `nosuch${n}`));
    expect(whichAre(made, 404)).toBe(19);
    expect(whichAre(await times(40, (n) => sheet(rig, payers[n] ?? "")), 200)).toBe(40);
  });

  test("addresses of one /64 are one, those of another are not", async () => {
    const rig = await edge(counter, { limits: { address: 5 } });
    const of = (network: string) => (n: number) =>
      openSession(rig, `2001:db8:0:${network}::${n.toString(16)}`, "forged".repeat(7));
    expect(whichAre(await times(10, of("1")), 429)).toBe(5);
    expect(whichAre(await times(5, of("2")), 429)).toBe(0);
  });
});

test("while strangers keep the server busy others get their turn, and payers with a session need none", async () => {
  let forged = 0;
  const rig = await edge("memory", {
    async upstream(request) {
      const path = new URL(request.url).pathname;
      const body = await request.text();
      if (path.endsWith("/session") || path.includes("/webhooks/")) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (!body.includes(genuine)) {
          forged += 1;
          return problem("token_invalid");
        }
      }
      return usualAnswer(path, rig.hosts);
    },
  });
  const payer = await rig.enter(host, genuine);
  const flood = [
    ...strangers.map((from) => times(50, () => openSession(rig, from, "forged".repeat(7)))),
    ...strangers.map((from) => times(50, () => webhook(rig, from, "forged"))),
  ];
  // All of them have come, and most of them wait.
  await vi.waitFor(() => expect(forged).toBeGreaterThan(30));
  const before = forged;
  const answers = [
    await openSession(rig, payers[0] ?? "", genuine),
    await webhook(rig, provider, genuine),
    (await payer.call("/v1/invoices")).status,
  ];
  expect(answers).toEqual([200, 202, 200]);
  expect(forged - before).toBeLessThan(300);
  const statuses = (await Promise.all(flood)).flat();
  expect(whichAre(statuses, 401)).toBe(statuses.length);
});

test("whoever sends a body slowly keeps nobody's turn", async () => {
  const rig = await edge("memory");
  const never = () => new ReadableStream({ start() {} });
  const ends = Array.from({ length: 40 }, (_, n) => {
    const headers = { "x-forwarded-for": strangers[n % 8] ?? "", "content-length": "9" };
    const init = { method: "POST", headers, body: never(), duplex: "half" };
    return rig.call(host, "/webhooks/sandbox", init as RequestInit);
  });
  expect(await webhook(rig, provider, genuine)).toBe(202);
  expect(ends).toHaveLength(40);
});

test("what is refused by address ends its connection: whoever goes on has to come again", async () => {
  const rig = await edge("memory", { limits: { address: 1, session: 1 } });
  const headers = { "x-forwarded-for": "192.0.2.1" };
  const ask = () => rig.call(host, "/webhooks/sandbox", { method: "POST", headers, body: "forged" });
  expect((await ask()).headers.get("connection")).toBeNull();
  const refused = await ask();
  expect([refused.status, refused.headers.get("connection")]).toEqual([429, "close"]);
});

test("what is nowhere, and hosts that are nobody's, are asked for so often by one address, and no more", async () => {
  const rig = await edge("memory", { limits: { page: 5 } });
  const ask = (path: string, name = host, method = "GET") =>
    rig.call(name, path, { method, headers: { "x-forwarded-for": "192.0.2.1" } });
  const statuses = [];
  for (const path of ["/a", "/b", "/v1/nowhere", "/.env", "/c", "/d", "/e"])
    statuses.push((await ask(path)).status);
  expect(statuses).toEqual([404, 404, 404, 404, 404, 429, 429]);
  expect((await ask("/embed", host, "PUT")).status).toBe(429);
});
