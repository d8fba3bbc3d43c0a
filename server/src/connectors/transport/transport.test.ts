import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { fromDecimal } from "../../money/money.ts";
import { ErpError } from "../connector.ts";
import { createErpClient } from "./client.ts";
import { exactNumber, parseExact } from "./exact-json.ts";
import { exchange } from "./exchange.ts";
import { failureOf, isRefusal, retryAfterMs } from "./failure.ts";
import { createLimiter, type SharedTurns } from "./limiter.ts";
import { erpTiming } from "./timing.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function listen(handler: Parameters<typeof createServer>[1]): Promise<URL> {
  const server = createServer(handler as never);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
}

const get = (url: URL, signal = AbortSignal.timeout(10_000)) => ({
  method: "GET" as const,
  url,
  headers: {},
  signal,
});

test("every amount of every currency survives being written and read as a JSON number", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 18n }),
      fc.constantFrom("USD", "JPY", "KWD", "CLF"),
      (amountMinor, currency) => {
        const sent = JSON.stringify({ payment: exactNumber(amountMinor, currency) });
        expect(sent).toMatch(/^\{"payment":\d+(\.\d+)?\}$/);
        const { payment } = parseExact(sent) as { payment: string };
        expect(fromDecimal(payment, currency)).toBe(amountMinor);
      },
    ),
  );
});

test("a 64-bit id keeps its last digits", () => {
  expect(parseExact('{"SourceKey":5637144576000000123,"list":[0.1,-1e3],"text":"1"}')).toEqual({
    SourceKey: "5637144576000000123",
    list: ["0.1", "-1e3"],
    text: "1",
  });
});

test("a redirect is refused: the token would travel elsewhere", async () => {
  let followed = false;
  const url = await listen((request, response) => {
    followed ||= request.url === "/elsewhere";
    response.writeHead(302, { location: "/elsewhere" }).end();
  });
  await expect(exchange(fetch, get(url))).rejects.toMatchObject({ code: "protocol" });
  expect(followed).toBe(false);
});

test("an answer without end is cut off", async () => {
  const url = await listen((_, response) => {
    const more = () => {
      while (response.write(Buffer.alloc(1 << 20, 32)));
      response.once("drain", more);
    };
    more();
  });
  await expect(exchange(fetch, get(url))).rejects.toMatchObject({ code: "protocol" });
});

test("a silent server is left when the signal says so", async () => {
  const url = await listen(() => {});
  await expect(exchange(fetch, get(url, AbortSignal.timeout(50)))).rejects.toMatchObject({
    code: "unreachable",
  });
});

test("one token is bought for many requests, one more after a 401, and a second 401 is the answer", async () => {
  const seen: string[] = [];
  const url = await listen((request, response) => {
    seen.push(String(request.headers.authorization));
    response.writeHead(401).end();
  });
  let bought = 0;
  const client = createErpClient({
    fetch,
    concurrency: 1,
    buyToken: async () => ({ accessToken: `token-${++bought}`, expiresInS: 3600 }),
  });
  expect((await client.send(get(url))).status).toBe(401);
  expect(seen).toEqual(["Bearer token-1", "Bearer token-2"]);
});

test("a token is renewed a minute before it ends, and a failed purchase is not remembered", async () => {
  const url = await listen((_, response) => response.end("{}"));
  let bought = 0;
  const client = createErpClient({
    fetch,
    concurrency: 2,
    buyToken: async () => {
      bought += 1;
      if (bought === 1) throw new ErpError("unauthorized", "wrong secret");
      return { accessToken: "token", expiresInS: bought === 2 ? 59 : 3600 };
    },
  });
  await expect(client.send(get(url))).rejects.toMatchObject({ code: "unauthorized" });
  await client.send(get(url));
  await client.send(get(url));
  await Promise.all([client.send(get(url)), client.send(get(url))]);
  expect(bought).toBe(3);
});

test("who cannot wait for a token leaves, and the purchase serves the next", async () => {
  const url = await listen((_, response) => response.end("{}"));
  const purchase = Promise.withResolvers<{ accessToken: string; expiresInS: number }>();
  let bought = 0;
  const client = createErpClient({
    fetch,
    concurrency: 1,
    buyToken: () => {
      bought++;
      return purchase.promise;
    },
  });
  await expect(client.send(get(url, AbortSignal.timeout(20)))).rejects.toMatchObject({ code: "unreachable" });
  purchase.resolve({ accessToken: "token", expiresInS: 3600 });
  expect((await client.send(get(url))).status).toBe(200);
  expect(bought).toBe(1);
});

test.each([
  [400, true],
  [403, true],
  [404, true],
  [422, true],
  [401, false],
  [408, false],
  [409, false],
  [412, false],
  [423, false],
  [429, false],
  [503, false],
])("a post answered %i needs a person: %s", (status, refused) => {
  const answer = { status, headers: new Headers(), text: "" };
  expect(isRefusal(status, failureOf(answer, ""))).toBe(refused);
});

test("the limiter runs as many as it may, the rest in order, and lets a waiting one give up", async () => {
  const limiter = createLimiter(2);
  const order: number[] = [];
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const forever = new AbortController().signal;
  const work = [0, 1, 3].map((n) =>
    limiter.run(forever, async () => {
      order.push(n);
      await gates[n]?.promise;
    }),
  );
  const impatient = new AbortController();
  const given = limiter.run(impatient.signal, async () => void order.push(2));
  impatient.abort();
  await expect(given).rejects.toMatchObject({ code: "unreachable" });
  expect(order).toEqual([0, 1]);
  for (const { resolve } of gates) resolve();
  await Promise.all(work);
  expect(order).toEqual([0, 1, 3]);
});

test("of several turns one is never a writing's, and a reading passes the writings that wait", async () => {
  const limiter = createLimiter(3);
  const forever = new AbortController().signal;
  const begun: string[] = [];
  const gates = new Map<string, () => void>();
  const run = (name: string, writes: boolean) =>
    limiter.run(
      forever,
      () =>
        new Promise<void>((resolve) => {
          begun.push(name);
          gates.set(name, resolve);
        }),
      { writes },
    );
  const writings = ["w1", "w2", "w3"].map((name) => run(name, true));
  const reading = run("r1", false);
  await expect.poll(() => begun).toEqual(["w1", "w2", "r1"]);
  gates.get("r1")?.();
  await reading;
  const another = run("r2", false);
  await expect.poll(() => begun).toEqual(["w1", "w2", "r1", "r2"]);
  gates.get("w1")?.();
  await expect.poll(() => begun).toEqual(["w1", "w2", "r1", "r2", "w3"]);
  for (const open of gates.values()) open();
  await Promise.all([...writings, another]);
});

test("a single turn is everybody's", async () => {
  const limiter = createLimiter(1);
  const forever = new AbortController().signal;
  const order: string[] = [];
  await Promise.all([
    limiter.run(forever, async () => order.push("w"), { writes: true }),
    limiter.run(forever, async () => order.push("r"), { writes: false }),
  ]);
  expect(order).toEqual(["w", "r"]);
});

test("a writing has a writing's time, and its turn lasts longer than that", async () => {
  const asked: { atOnce: number; forMs?: number }[] = [];
  const url = await listen((_, response) => void setTimeout(() => response.end("{}"), 300));
  const turn = { ends: new AbortController().signal, giveBack: async () => {} };
  const client = createErpClient({
    fetch,
    concurrency: 3,
    timing: { readMs: 100, writeMs: 5_000, postMs: 10_000 },
    turns: {
      async take({ signal: _, ...input }) {
        asked.push(input);
        return turn;
      },
    },
    buyToken: async () => ({ accessToken: "token", expiresInS: 3600 }),
  });
  expect((await client.send({ ...get(url), writes: true })).status).toBe(200);
  await expect(client.send(get(url))).rejects.toMatchObject({ code: "unreachable" });
  expect(asked.map(({ atOnce }) => atOnce)).toEqual([2, 3]);
  expect(asked[0]?.forMs).toBeGreaterThan(5_000);
  expect(asked[1]?.forMs).toBeGreaterThan(100);
});

test("an ERP may take 90 s for a writing and more; a post has time for it and for five readings", () => {
  const { readMs, writeMs, postMs } = erpTiming;
  expect(writeMs).toBeGreaterThanOrEqual(90_000);
  expect(postMs).toBeGreaterThanOrEqual(writeMs + 5 * readMs);
});

/** Turns of all processes, as somebody in the test deals them out. */
function dealtTurns({ ends = new AbortController().signal, back = Promise.resolve() } = {}): SharedTurns {
  return { take: async () => ({ ends, giveBack: () => back }) };
}

test("an answer does not wait until its shared turn is given back; who is next in line does", async () => {
  const back = Promise.withResolvers<void>();
  const limiter = createLimiter(1, dealtTurns({ back: back.promise }));
  const forever = new AbortController().signal;
  const begun: string[] = [];
  const first = limiter.run(forever, async () => begun.push("first"));
  const second = limiter.run(forever, async () => begun.push("second"));
  await first;
  expect(begun).toEqual(["first"]);
  back.resolve();
  await second;
  expect(begun).toEqual(["first", "second"]);
});

test("a request is broken off when its shared turn ends", async () => {
  const url = await listen(() => {});
  const turnEnds = new AbortController();
  const client = createErpClient({
    fetch,
    concurrency: 1,
    turns: dealtTurns({ ends: turnEnds.signal }),
    buyToken: async () => ({ accessToken: "token", expiresInS: 3600 }),
  });
  const silent = client.send(get(url));
  turnEnds.abort();
  await expect(silent).rejects.toMatchObject({ code: "unreachable" });
});

test("without a shared turn nothing is sent, and the line goes on", async () => {
  let away = true;
  const take: SharedTurns["take"] = (input) =>
    away ? Promise.reject(new ErpError("unreachable", "away")) : dealtTurns().take(input);
  const limiter = createLimiter(1, { take });
  const forever = new AbortController().signal;
  const sent: string[] = [];
  await expect(limiter.run(forever, async () => sent.push("first"))).rejects.toThrow("away");
  away = false;
  await limiter.run(forever, async () => sent.push("second"));
  expect(sent).toEqual(["second"]);
});

test.each([
  ["7", 7_000],
  ["Mon, 02 Mar 2026 10:00:30 GMT", 30_000],
  ["Mon, 02 Mar 2026 09:00:00 GMT", 0],
  ["999999", 3_600_000],
  ["soon", null],
])("Retry-After %s means %s ms", (value, ms) => {
  const now = new Date("2026-03-02T10:00:00Z");
  expect(retryAfterMs(new Headers({ "retry-after": value }), now)).toBe(ms);
});
