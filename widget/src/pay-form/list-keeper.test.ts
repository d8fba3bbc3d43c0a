import type { Freshness, Invoice, InvoiceList } from "@clarity/bff/contract";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { invoice, lost, payment, refusal, type Script, stage } from "./testing/stage.ts";

const current: Freshness = { state: "current", ageMs: 0, askAgainInMs: null };
const refreshing: Freshness = { state: "refreshing", ageMs: 3 * 86_400_000, askAgainInMs: 1_000 };
const loading: Freshness = { state: "loading", ageMs: null, askAgainInMs: 1_000 };
const unreachable: Freshness = { state: "unreachable", ageMs: 120_000, askAgainInMs: 10_000 };
const list = (freshness: Freshness, ...invoices: Invoice[]): InvoiceList => ({
  invoices,
  asOf: "",
  freshness,
});
const down = () => refusal("erp_unavailable", 503);

/** Lets everything go on that waits for nothing. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A world whose pauses end when told. */
function held(script: Script) {
  const pauses: (() => void)[] = [];
  const waits: number[] = [];
  script.sleep = (ms) => {
    waits.push(ms);
    return new Promise((resolve) => pauses.push(resolve));
  };
  const world = stage(script);
  const goOn = async () => {
    for (const end of pauses.splice(0)) end();
    await settled();
  };
  return { ...world, waits, goOn };
}

describe("a list that is being refreshed", () => {
  test("is shown at once and changes in place: new rows come, balances move, choice and amounts stay", async () => {
    const world = held({
      freshness: refreshing,
      invoices: [invoice("a"), invoice("b")],
      lists: [
        list(
          current,
          invoice("n"),
          invoice("a", { payableMinor: "9000" }),
          invoice("b", { openMinor: "8000" }),
        ),
      ],
    });
    await world.choose("a");
    world.flow.setAmount(invoice("a"), "12.5");
    expect(world.flow.state).toMatchObject({ phase: { name: "choosing" }, list: { state: "refreshing" } });
    await world.goOn();
    expect(world.flow.state.invoices.map(({ id }) => id)).toEqual(["n", "a", "b"]);
    expect([...world.flow.state.chosen]).toEqual([["a", "12.5"]]);
    expect(world.flow.state).toMatchObject({ list: { state: "current" }, notice: null });
    expect(world.seen.asks).toHaveLength(1);
  });

  test("and says the same of what was chosen leaves the choice as it is: the page hears of no change", async () => {
    const world = held({
      freshness: refreshing,
      lists: [
        list(refreshing, invoice("n"), invoice("a")),
        list(current, invoice("a", { payableMinor: "15000" })),
      ],
    });
    await world.choose("a");
    const { chosen } = world.flow.state;
    await world.goOn();
    expect(world.flow.state.chosen).toBe(chosen);
    await world.goOn();
    expect(world.flow.state.chosen).not.toBe(chosen);
    expect(world.flow.state.chosen).toEqual(chosen);
  });

  test("is asked for until it is current, with longer and longer pauses, and then no more", async () => {
    const script: Script = {
      freshness: refreshing,
      lists: [...Array(5).fill(list(refreshing, invoice("a"))), list(current, invoice("a"))],
    };
    const { flow, seen } = stage(script);
    await flow.start();
    await settled();
    expect(seen.waits).toEqual([1000, 1300, 1690, 2197, 2856, 3713]);
    expect(flow.state.list.state).toBe("current");
  });

  test("is not asked for without end: then the seller's system counts as out of reach", async () => {
    const { flow, seen } = stage({ freshness: refreshing, lists: [list(refreshing, invoice("a"))] });
    await flow.start();
    await settled();
    expect(seen.asks).toHaveLength(40);
    expect(flow.state.list).toMatchObject({ state: "unreachable", askAgainInMs: null });
  });

  test("is not asked for in a tab that nobody sees", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { flow, seen } = stage({ freshness: refreshing, lists: [list(current)], seen: () => promise });
    await flow.start();
    await settled();
    expect(seen.asks).toHaveLength(0);
    resolve();
    await settled();
    expect(seen.asks).toHaveLength(1);
  });

  test.each([
    ["is gone", [], "\u2068INV-a\u2069: $0.00"],
    ["is held by another's payment", [invoice("a", { payableMinor: "0" })], "\u2068INV-a\u2069: $0.00"],
    ["is another currency's", [invoice("a", { currency: "EUR" })], "\u2068INV-a\u2069: €100.00"],
  ])("says so when what was chosen %s, and no longer charges it", async (_, rows, said) => {
    const world = held({ freshness: refreshing, lists: [list(current, ...rows, invoice("b"))] });
    await world.choose("a", "b");
    await world.goOn();
    expect([...world.flow.state.chosen.keys()]).toEqual(["b"]);
    expect(world.flow.state.notice).toMatchObject({ key: "list.changed", params: { invoices: said } });
  });

  test.each([
    { typed: "100.00", now: "4000", stays: "40.00", told: true },
    { typed: "100", now: "4000", stays: "40.00", told: true },
    { typed: "30", now: "4000", stays: "30", told: false },
    { typed: "50", now: "4000", stays: "50", told: true },
    { typed: "100.00", now: "15000", stays: "100.00", told: false },
    { typed: "150", now: "4000", stays: "150", told: false },
    { typed: "abc", now: "4000", stays: "abc", told: false },
  ])("$typed of 100.00, $now minor left: $stays, told: $told", async ({ typed, now, stays, told }) => {
    const world = held({
      freshness: refreshing,
      lists: [list(current, invoice("a", { payableMinor: now }))],
    });
    await world.choose("a");
    world.flow.setAmount(invoice("a"), typed);
    await world.goOn();
    expect(world.flow.state.chosen.get("a")).toBe(stays);
    expect(world.flow.state.notice?.key === "list.changed").toBe(told);
  });

  test("where no parts are taken a choice follows its balance, and the payer is told", async () => {
    const lists = [list(current, invoice("a", { payableMinor: "15000" }))];
    const world = held({ freshness: refreshing, flags: { "partial-payments": false }, lists });
    await world.choose("a");
    await world.goOn();
    expect(world.flow.price.totalMinor).toBe(15_000n);
    expect(world.flow.state.notice?.params).toEqual({ invoices: "\u2068INV-a\u2069: $150.00" });
  });

  test("whose news come while a card is being read changes nothing of the payment", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const world = held({
      freshness: refreshing,
      lists: [list(current, invoice("a", { payableMinor: "4000" }))],
      tokenize: async () => {
        await promise;
        return { token: "tok", brand: "visa", funding: "credit", last4: "4242" };
      },
      pay: [payment],
    });
    await world.choose("a");
    const paid = world.flow.pay();
    await world.goOn();
    resolve();
    await paid;
    expect(world.seen.requests).toMatchObject([{ lines: [{ invoiceId: "a", amountMinor: "10000" }] }]);
  });

  test("whose answer comes after a newer one is dropped", async () => {
    const late = Promise.withResolvers<void>();
    const world = held({
      freshness: refreshing,
      pay: [(request) => payment(request, { state: "declined", reason: "declined" })],
      lists: [list(current, invoice("old")), list(current, invoice("a"))],
      answer: [late.promise],
    });
    await world.choose("a");
    await world.goOn();
    await world.flow.pay();
    expect(world.flow.state.phase.name).toBe("choosing");
    late.resolve();
    await settled();
    expect(world.flow.state.invoices.map(({ id }) => id)).toEqual(["a"]);
  });

  test("after a decline the payer hears of both: the decline and what has changed", async () => {
    const world = stage({
      pay: [(request) => payment(request, { state: "declined", reason: "declined" })],
      lists: [list(current, invoice("a", { payableMinor: "4000" }))],
    });
    await world.choose("a");
    await world.flow.pay();
    expect(world.flow.state.notice).toMatchObject({ key: "decline.declined", and: { key: "list.changed" } });
  });
});

describe("a list of which nothing is known yet", () => {
  test("is loading, which is not that nothing is owed, until it comes", async () => {
    const lists = [list(loading), list(loading), list(current, invoice("a"), invoice("b"))];
    const world = held({ freshness: loading, invoices: [], lists });
    const started = world.flow.start();
    for (let looks = 0; looks < 3; looks++) {
      await settled();
      expect(world.flow.state).toMatchObject({ phase: { name: "loading" }, list: { state: "loading" } });
      await world.goOn();
    }
    await started;
    expect(world.flow.state).toMatchObject({ phase: { name: "choosing" }, list: { state: "current" } });
    expect(world.flow.state.invoices).toHaveLength(2);
  });

  test("nor does an old one without a row say that nothing is owed", async () => {
    const { flow, seen } = stage({
      freshness: refreshing,
      invoices: [],
      lists: [list(current, invoice("a"))],
    });
    await flow.start();
    expect(seen.phases).toEqual(["loading", "choosing"]);
    expect(flow.state.invoices).toHaveLength(1);
  });

  test("and that the ERP does not give: the payer may try again", async () => {
    const script: Script = { freshness: loading, invoices: [], lists: [down()] };
    const { flow } = stage(script);
    await flow.start();
    expect(flow.state.phase).toMatchObject({ name: "blocked", code: "erp_unavailable", retry: true });
    script.lists = [list(current, invoice("a"))];
    await flow.start();
    expect(flow.state.phase.name).toBe("choosing");
  });

  test("does not keep a payment of this tab waiting", async () => {
    const { flow, seen } = stage({
      freshness: loading,
      invoices: [],
      lists: [list(loading)],
      stored: "p1",
      look: [payment({ id: "p1", shown: { surchargeMinor: "0", totalMinor: "1" } })],
    });
    await flow.start();
    expect([flow.state.phase.name, seen.asks.length]).toEqual(["receipt", 0]);
  });
});

describe("an ERP that cannot be asked", () => {
  test("leaves the list there, with its age", async () => {
    const world = held({
      freshness: refreshing,
      lists: [list(unreachable, invoice("a")), down(), list(current, invoice("a"))],
    });
    await world.choose("a");
    await world.goOn();
    expect(world.flow.state.list).toEqual({ state: "unreachable", readAtMs: -120_000, askAgainInMs: 10_000 });
    await world.goOn();
    expect(world.flow.state).toMatchObject({
      phase: { name: "choosing" },
      list: { state: "unreachable", readAtMs: -120_000 },
    });
    expect(world.flow.state.chosen.size).toBe(1);
    await world.goOn();
    expect(world.flow.state.list.state).toBe("current");
    expect(world.waits).toEqual([1_000, 13_000, 16_900]);
  });

  test.each([
    ["no connection", lost()],
    ["an overloaded server", refusal("rate_limited", 429)],
    ["a lost session", refusal("session_ended", 401)],
  ])("and %s while looking take nothing from who is choosing", async (_, error) => {
    const world = held({ freshness: refreshing, lists: [error] });
    await world.choose("a");
    await world.goOn();
    expect(world.flow.state).toMatchObject({ phase: { name: "choosing" }, notice: null });
    expect(world.flow.state.chosen.size).toBe(1);
    expect(world.seen.failed).toEqual([]);
  });
});

describe("who begins to choose", () => {
  test("from a list older than 45 s has it read again, once, whatever they go on to choose", async () => {
    const { flow, seen, clock, invoices } = stage({});
    await flow.start();
    const [a, b] = invoices as [Invoice, Invoice];
    flow.toggle(a);
    expect(seen.asks).toEqual([]);
    flow.toggle(a);
    clock.nowMs = 46_000;
    flow.toggle(a);
    flow.toggle(b);
    await settled();
    flow.toggle(a);
    flow.toggle(b);
    flow.toggleAll("USD");
    await settled();
    expect(seen.asks).toEqual([46_000]);
  });

  test("and changes their mind every second asks no more often than the list grows old", async () => {
    const { flow, seen, clock, invoices } = stage({
      lists: [down()],
      freshness: { ...current, ageMs: 600_000 },
    });
    await flow.start();
    for (let seconds = 0; seconds < 300; seconds++) {
      clock.nowMs += 500;
      flow.toggleAll("EUR");
      await Promise.resolve();
      if (flow.state.phase.name !== "choosing") throw new Error("left");
    }
    expect(invoices).toHaveLength(3);
    expect(seen.asks.length).toBeLessThanOrEqual(45);
  });
});

describe("over any lists and choices", () => {
  const ids = ["a", "b", "c", "d"];
  const row = fc.record({
    id: fc.constantFrom(...ids),
    payable: fc.constantFrom(0, 1, 2_500, 9_999, 10_000, 25_000),
    currency: fc.constantFrom("USD", "USD", "USD", "EUR"),
  });
  const rows = fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 4 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant("list" as const), rows }),
    fc.record({ kind: fc.constant("toggle" as const), id: fc.constantFrom(...ids) }),
    fc.record({ kind: fc.constant("all" as const) }),
    fc.record({
      kind: fc.constant("type" as const),
      id: fc.constantFrom(...ids),
      text: fc.constantFrom("1", "25", "25.00", "99.99", "100", "100.00", "250", "300", "x", ""),
    }),
    fc.record({ kind: fc.constant("pay" as const), meanwhile: rows }),
  );
  const toInvoice = ({ id, payable, currency }: { id: string; payable: number; currency: string }) =>
    invoice(id, { payableMinor: String(payable), currency });

  test("nothing chosen changes its amount unsaid, and what is shown is what is charged", async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.array(step, { maxLength: 25 }), fc.boolean(), async (first, steps, parts) => {
        const script: Script = {
          freshness: refreshing,
          invoices: first.map(toInvoice),
          flags: { "partial-payments": parts },
          lists: [
            list(
              refreshing,
              ...(first.length ? first : [{ id: "a", payable: 1, currency: "USD" }]).map(toInvoice),
            ),
          ],
          pay: [],
        };
        let reading: PromiseWithResolvers<void> | undefined;
        script.tokenize = async () => {
          await reading?.promise;
          return { token: "tok", brand: "visa", funding: "credit", last4: "4242" };
        };
        const world = held(script);
        const started = world.flow.start();
        while (world.flow.state.phase.name === "loading") {
          await settled();
          await world.goOn();
        }
        await started;
        world.flow.cardChanged({ status: "ready", complete: true, brand: "visa", funding: "credit" });
        for (const each of steps) {
          const { flow } = world;
          const find = (id: string) => flow.state.invoices.find((one) => one.id === id);
          if (each.kind === "list") {
            const before = amounts(flow);
            script.lists = [list(refreshing, ...each.rows.map(toInvoice))];
            await world.goOn();
            expectSaid(flow, before);
            for (const id of flow.state.chosen.keys()) expect(before.has(id)).toBe(true);
          } else if (each.kind === "toggle" || each.kind === "type") {
            const one = find(each.id);
            if (one && each.kind === "toggle") flow.toggle(one);
            if (one && each.kind === "type" && parts && flow.state.chosen.has(one.id))
              flow.setAmount(one, each.text);
          } else if (each.kind === "all") {
            flow.toggleAll("USD");
          } else {
            const { lines, totalMinor } = flow.price;
            reading = Promise.withResolvers<void>();
            script.pay = [(request) => payment(request, { state: "declined", reason: "declined" })];
            script.lists = [list(refreshing, ...each.meanwhile.map(toInvoice))];
            const sent = world.seen.requests.length;
            const before = amounts(flow);
            const paid = flow.pay();
            await world.goOn();
            reading.resolve();
            await paid;
            const [request] = world.seen.requests.slice(sent);
            if (request) {
              expect(request.lines).toEqual(lines);
              expect(request.shown.totalMinor).toBe(String(totalMinor));
              expectSaid(flow, before);
            }
          }
          for (const { invoiceId, amountMinor } of flow.price.lines) {
            expect(BigInt(amountMinor)).toBeLessThanOrEqual(BigInt(find(invoiceId)?.payableMinor ?? -1));
            if (!parts) expect(amountMinor).toBe(find(invoiceId)?.payableMinor);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  type Flow = ReturnType<typeof stage>["flow"];

  /** Of each chosen invoice what is typed, and what would be charged: null where that amount cannot be. */
  function amounts({ state, price }: Flow): Map<string, { text: string; minor: string | null }> {
    const charged = new Map(price.lines.map(({ invoiceId, amountMinor }) => [invoiceId, amountMinor]));
    return new Map([...state.chosen].map(([id, text]) => [id, { text, minor: charged.get(id) ?? null }]));
  }

  /** Of each that was chosen before: the same, or named. What was too much may have become possible, as it was typed. */
  function expectSaid(flow: Flow, before: ReturnType<typeof amounts>): void {
    const { notice } = flow.state;
    const changes = [notice, notice?.and].filter((each) => each?.key === "list.changed");
    const said = changes.map((each) => each?.params?.invoices).join();
    const after = amounts(flow);
    for (const [id, { text, minor }] of before) {
      const now = after.get(id);
      const isSame = now?.text === text && (now.minor === minor || minor === null);
      if (!isSame) expect(said).toContain(`\u2068INV-${id}\u2069:`);
    }
  }
});
