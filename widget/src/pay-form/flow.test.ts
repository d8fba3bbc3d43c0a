import type { Invoice, PaymentRequest, Session } from "@clarity/bff/contract";
import { describe, expect, test } from "vitest";
import { ApiError } from "./api.ts";
import { closedBecause } from "./selection.ts";
import { invoice, known, lost, payment, refusal, type Script, stage } from "./testing/stage.ts";

describe("paying", () => {
  test("sends what was chosen and shown, under an id stored before", async () => {
    const { flow, seen, choose, stored } = stage({
      surcharge: [{ brand: "any", funding: "credit", basisPoints: 250 }],
      pay: [(request) => payment(request)],
    });
    await choose("a", "b");
    flow.setAmount(invoice("b"), "25,5");
    await flow.pay();
    expect(seen.requests).toEqual([
      {
        id: "p1",
        currency: "USD",
        lines: [
          { invoiceId: "a", amountMinor: "10000" },
          { invoiceId: "b", amountMinor: "2550" },
        ],
        method: { type: "card", token: "tok" },
        shown: { surchargeMinor: "314", totalMinor: "12864" },
      },
    ]);
    expect(flow.state.phase.name).toBe("receipt");
    expect(seen.settled).toEqual(["captured"]);
    expect(stored()).toBe(null);
  });

  test("pressed many times is one payment", async () => {
    const { flow, seen, choose } = stage({ pay: [payment] });
    await choose("a");
    await Promise.all([flow.pay(), flow.pay(), flow.pay()]);
    expect(seen.requests).toHaveLength(1);
  });

  test("retries a lost answer, a 503 and a 429 with the very same request", async () => {
    const limited = new ApiError("rate_limited", { status: 429 }, 9000);
    const { flow, seen, choose } = stage({ pay: [lost(), refusal("unavailable", 503), limited, payment] });
    await choose("a");
    await flow.pay();
    expect(new Set(seen.requests.map((request) => JSON.stringify(request))).size).toBe(1);
    expect(seen.waits).toEqual([700, 1500, 9000]);
    expect(flow.state.phase.name).toBe("receipt");
  });

  test("refused because the ERP cannot be asked is no payment: the payer is told at once, and chooses on", async () => {
    const { flow, seen, choose, stored } = stage({ pay: [refusal("erp_unavailable", 503)] });
    await choose("a");
    await flow.pay();
    expect([seen.requests.length, seen.waits, stored()]).toEqual([1, [], null]);
    expect(flow.state).toMatchObject({
      phase: { name: "choosing" },
      notice: { key: "error.erp_unavailable" },
    });
    expect([...flow.state.chosen.keys()]).toEqual(["a"]);
  });

  test("refused so after an answer was lost is looked for first", async () => {
    const { flow, seen, choose } = stage({
      pay: [lost(), refusal("erp_unavailable", 503)],
      look: [payment(known)],
    });
    await choose("a");
    await flow.pay();
    expect(seen.settled).toEqual(["captured"]);
  });

  test("while the database stays down: the payer is told why after 10 s of pauses, and may check again", async () => {
    const down = new ApiError("tenant_unavailable", { status: 503 }, 5000);
    const { flow, seen, choose } = stage({ pay: [down, down, down, payment] });
    await choose("a");
    await flow.pay();
    expect(seen.waits).toEqual([5000, 5000]);
    expect(flow.state.phase).toEqual({ name: "unclear", known: false, code: "tenant_unavailable" });
    await flow.checkAgain();
    expect(new Set(seen.requests.map(({ id }) => id))).toEqual(new Set(["p1"]));
    expect(flow.state.phase.name).toBe("receipt");
  });

  test("refused after too many declines ends there, in words: it was not begun, and is not tried again unseen", async () => {
    const slowed = new ApiError("too_many_declines", { status: 429, requestId: "r1" }, 60_000);
    const { flow, seen, choose, stored } = stage({ pay: [slowed, payment] });
    await choose("a");
    await flow.pay();
    expect(seen.requests).toHaveLength(1);
    expect(seen.waits).toEqual([]);
    expect(flow.state.phase.name).toBe("choosing");
    expect(flow.state.notice).toMatchObject({ tone: "danger", key: "error.too_many_declines" });
    expect(stored()).toBe(null);
    await flow.pay();
    expect(new Set(seen.requests.map(({ id }) => id)).size).toBe(2);
  });

  test("after a lost answer, too many declines say nothing of the payment before: it is looked for first", async () => {
    const slowed = new ApiError("too_many_declines", { status: 429 }, 60_000);
    const { flow, choose } = stage({ pay: [lost(), slowed], look: [payment(known)] });
    await choose("a");
    await flow.pay();
    expect(flow.state.phase.name).toBe("receipt");
  });

  test.each([
    ["below the seller's least", "0.99", { USD: "100" }, true],
    ["as the seller's least", "1.00", { USD: "100" }, false],
    ["below another currency's least", "0.99", { USD: "1", EUR: "100" }, false],
    ["the whole rest, below the least", "100.00", { USD: "20000" }, false],
    ["where an older server does not say", "0.01", undefined, false],
  ])(
    "of an amount %s (%s) is refused in words before anything is sent, or sent",
    async (_, typed, minimumMinor, refused) => {
      const { flow, seen, choose } = stage({ ...(minimumMinor && { minimumMinor }), pay: [payment] });
      await choose("a");
      flow.setAmount(invoice("a"), typed);
      await flow.pay();
      expect(seen.requests).toHaveLength(refused ? 0 : 1);
      if (refused)
        expect(flow.state.notice).toMatchObject({
          key: "error.amount_below_minimum",
          and: { key: "amount.low", params: { amount: "$1.00" } },
        });
    },
  );

  test("of several invoices is enough when they are together", async () => {
    const { flow, seen, choose } = stage({ minimumMinor: { USD: "100" }, pay: [payment] });
    await choose("a", "b");
    for (const id of ["a", "b"]) flow.setAmount(invoice(id), "0.50");
    await flow.pay();
    expect(seen.requests).toHaveLength(1);
  });

  test("that gets no answer is neither declined nor forgotten, and checking sends the same id", async () => {
    const script: Script = { pay: [] };
    const { flow, seen, choose, stored } = stage(script);
    await choose("a");
    await flow.pay();
    expect(flow.state.phase).toEqual({ name: "unclear", known: false, code: "network" });
    expect(stored()).toBe("p1");
    expect(seen.settled).toEqual([]);
    await flow.pay();
    script.pay?.push(payment);
    await flow.checkAgain();
    expect(new Set(seen.requests.map(({ id }) => id))).toEqual(new Set(["p1"]));
    expect(flow.state.phase.name).toBe("receipt");
  });

  test("is followed while under way, however long its lookups fail", async () => {
    const { flow, seen, choose } = stage({
      pay: [(request) => payment(request, { state: "processing" })],
      look: [lost(), refusal("not_found", 404), payment(known, { state: "processing" }), payment(known)],
    });
    await choose("a");
    await flow.pay();
    expect(seen.looks).toBe(4);
    expect(seen.waits).toEqual([1000, 1500, 2200, 3300]);
    expect(seen.settled).toEqual(["captured"]);
  });

  test("that stays under way can be left, and gone back to", async () => {
    const { flow, choose, stored } = stage({
      pay: [(request) => payment(request, { state: "processing" })],
      look: [payment(known, { state: "processing" })],
    });
    await choose("a");
    await flow.pay();
    expect(flow.state.phase).toEqual({ name: "unclear", known: true });
    await flow.another();
    expect(flow.state.phase.name).toBe("choosing");
    expect(flow.state.waiting?.id).toBe("p-known");
    expect(stored()).toBe("p1");
  });

  test("declined says why, takes nothing, and the next try has a new id", async () => {
    const declined = (request: PaymentRequest) =>
      payment(request, { state: "declined", reason: "insufficient_funds" });
    const { flow, seen, choose } = stage({ pay: [declined, payment] });
    await choose("a");
    await flow.pay();
    expect(flow.state).toMatchObject({
      phase: { name: "choosing" },
      notice: { key: "decline.insufficient_funds" },
    });
    await flow.pay();
    expect(seen.requests.map(({ id }) => id)).toEqual(["p1", "p2"]);
    expect(seen.settled).toEqual(["declined", "captured"]);
  });

  test("asks again when the server's price differs, and then sends that price under a new id", async () => {
    const quote = { amountMinor: "10000", surchargeMinor: "300", totalMinor: "10300" };
    const { flow, seen, choose } = stage({ pay: [refusal("amount_changed", 409, { quote }), payment] });
    await choose("a");
    await flow.pay();
    expect(flow.price.totalMinor).toBe(10300n);
    expect(flow.state.notice).toMatchObject({ key: "price.changed", params: { amount: "$103.00" } });
    await flow.pay();
    expect(seen.requests[1]).toMatchObject({
      id: "p2",
      shown: { surchargeMinor: "300", totalMinor: "10300" },
    });
  });

  test("asks again when the token shows another kind of card than the digits did", async () => {
    const { flow, seen, choose } = stage({
      surcharge: [{ brand: "any", funding: "credit", basisPoints: 100 }],
      tokenize: async () => ({ token: "tok", brand: "visa", funding: "debit", last4: "5556" }),
      pay: [payment],
    });
    await choose("a");
    await flow.pay();
    expect(seen.requests).toHaveLength(0);
    expect(flow.state.notice?.key).toBe("price.changed");
    await flow.pay();
    expect(seen.requests[0]?.shown).toEqual({ surchargeMinor: "0", totalMinor: "10000" });
  });

  test("refused for another's payment under way looks first whether it is our own", async () => {
    const ours = stage({ pay: [refusal("payment_in_progress", 409)], look: [payment(known)] });
    await ours.choose("a");
    await ours.flow.pay();
    expect(ours.seen.settled).toEqual(["captured"]);
    const theirs = stage({ pay: [refusal("payment_in_progress", 409)], look: [refusal("not_found", 404)] });
    await theirs.choose("a");
    await theirs.flow.pay();
    expect(theirs.flow.state.notice).toMatchObject({ key: "error.payment_in_progress", requestId: "r1" });
    expect(theirs.stored()).toBe(null);
  });

  test("refused after an answer was lost is not believed until the payment is known not to exist", async () => {
    const { flow, seen, choose } = stage({
      pay: [lost(), refusal("invoice_closed", 409)],
      look: [payment(known)],
    });
    await choose("a");
    await flow.pay();
    expect(seen.settled).toEqual(["captured"]);
  });

  test("whose session ends meanwhile keeps its id, and goes on with a new session", async () => {
    const script: Script = { pay: [lost(), refusal("session_ended", 401)] };
    const { flow, seen, choose, stored } = stage(script);
    await choose("a");
    await flow.pay();
    expect(flow.state.phase).toMatchObject({ name: "blocked", code: "session_ended", retry: false });
    expect(stored()).toBe("p1");
    script.pay = [payment];
    await flow.start();
    expect(seen.requests.at(-1)?.id).toBe("p1");
    expect(flow.state.phase.name).toBe("receipt");
  });

  test.each([
    ["nothing chosen", [], "ready", { notice: { key: "pay.choose" } }],
    ["card fields that are still loading", ["a"], "loading", {}],
  ] as const)("with %s asks for it and sends nothing", async (_, ids, status, state) => {
    const { flow, seen, choose } = stage();
    await choose(...ids);
    flow.cardChanged({ status });
    await flow.pay();
    expect(seen.requests).toHaveLength(0);
    expect(flow.state).toMatchObject({ phase: { name: "choosing" }, ...state });
  });

  test("asks the frame at the first press, whatever it has said so far: fields may have been filled unseen", async () => {
    const { flow, seen, choose } = stage();
    await choose("a");
    flow.cardChanged({ complete: false, brand: "unknown", funding: "unknown" });
    await flow.pay();
    expect(seen.requests[0]).toMatchObject({ method: { type: "card", token: "tok" } });
  });

  test.each(["invalid", "cancelled"])(
    "goes back to the card without a notice when it is %s",
    async (code) => {
      const { flow, seen, choose } = stage({ tokenize: () => Promise.reject(new Error(code)) });
      await choose("a");
      await flow.pay();
      expect(seen.requests).toHaveLength(0);
      expect(flow.state).toMatchObject({ phase: { name: "choosing" }, notice: null, focus: "card" });
    },
  );

  test.each([
    ["0", "low"],
    ["100.01", "high"],
    ["abc", "invalid"],
    ["1.001", "invalid"],
    ["0,500", "ambiguous"],
    ["-5", "invalid"],
  ])("with the amount %s is stopped as too %s", async (text, problem) => {
    const { flow, seen, choose } = stage();
    await choose("a");
    flow.setAmount(invoice("a"), text);
    await flow.pay();
    expect(seen.requests).toHaveLength(0);
    expect(flow.price.invalid.get("a")).toBe(problem);
  });

  test("with a frame that cannot reach its provider charges nothing", async () => {
    const { flow, seen, choose, stored } = stage({
      tokenize: () => Promise.reject(new Error("unreachable")),
    });
    await choose("a");
    await flow.pay();
    expect(flow.state.notice?.key).toBe("card.unreachable");
    expect([seen.requests.length, stored()]).toEqual([0, null]);
  });
});

describe("the bank's challenge", () => {
  const action = { type: "challenge" as const, url: "https://bank.test/c" };
  const asked = (request: PaymentRequest) => payment(request, { state: "requires_action", action });

  test("is shown, and its end goes on with the payment", async () => {
    const { flow, choose } = stage({ pay: [asked], resume: [payment(known)] });
    await choose("a");
    await flow.pay();
    expect(flow.state.phase).toEqual({ name: "challenge", url: action.url });
    await Promise.all([flow.challengeDone(), flow.challengeDone()]);
    expect(flow.state.phase.name).toBe("receipt");
  });

  test("at an address that may not be shown is waited for like any answer, and can be asked about", async () => {
    const bad = { type: "challenge" as const, url: "javascript:alert(1)" };
    const wanted = (id: string) => payment({ ...known, id }, { state: "requires_action", action: bad });
    const { flow, seen, choose, stored } = stage({ pay: [({ id }) => wanted(id)], look: [wanted("p1")] });
    await choose("a");
    await flow.pay();
    expect(seen.phases).not.toContain("challenge");
    expect(flow.state.phase).toEqual({ name: "unclear", known: true });
    expect(stored()).toBe("p1");
  });

  test("whose outcome cannot be asked for stays open", async () => {
    const { flow, choose, stored } = stage({ pay: [asked], resume: [] });
    await choose("a");
    await flow.pay();
    await flow.challengeDone();
    expect(flow.state.phase).toEqual({ name: "unclear", known: true, code: "network" });
    expect(stored()).toBe("p1");
  });
});

describe("arriving", () => {
  test("with a stored id shows what became of it", async () => {
    const { flow, stored } = stage({ stored: "p-known", look: [payment(known)] });
    await flow.start();
    expect(flow.state.phase.name).toBe("receipt");
    expect(stored()).toBe(null);
  });

  test("with a request that was sent and never answered sends the very same again, not a new one", async () => {
    const request = { ...known, id: "p7", currency: "USD" } as unknown as PaymentRequest;
    const { flow, seen, stored } = stage({ stored: request, pay: [payment] });
    await flow.start();
    expect(seen.requests).toEqual([request]);
    expect([flow.state.phase.name, stored()]).toEqual(["receipt", null]);
  });

  test("again with the session it had does not show a settled payment anew", async () => {
    const { flow, seen, stored } = stage({
      stored: "p-known",
      unfinished: payment(known, { state: "processing" }),
      look: [payment(known)],
    });
    await flow.start();
    expect(seen.settled).toEqual(["captured"]);
    await flow.start();
    expect([flow.state.phase.name, stored(), seen.settled]).toEqual(["choosing", null, ["captured"]]);
  });

  test("with a stored id nobody knows offers to pay", async () => {
    const { flow, seen } = stage({ stored: "gone", look: [refusal("not_found", 404)] });
    await flow.start();
    expect(flow.state.phase.name).toBe("choosing");
    expect(seen.looks).toBe(2);
  });

  test("with a stored id that cannot be looked up does not offer to pay", async () => {
    const { flow } = stage({ stored: "p-known", look: [refusal("unavailable", 503)] });
    await flow.start();
    expect(flow.state.phase).toMatchObject({ name: "blocked", code: "unavailable", retry: true });
  });

  test("while the database is down says so, and trying again works", async () => {
    const down = () => refusal("tenant_unavailable", 503);
    const { flow } = stage({ open: [down(), down(), down()] });
    await flow.start();
    expect(flow.state.phase).toMatchObject({
      name: "blocked",
      code: "tenant_unavailable",
      retry: true,
      requestId: "r1",
    });
    await flow.start();
    expect(flow.state.phase.name).toBe("choosing");
  });

  test("with a single invoice has it chosen already", async () => {
    const { flow } = stage({ invoices: [invoice("a"), invoice("b", { payableMinor: "0" })] });
    await flow.start();
    expect([...flow.state.chosen]).toEqual([["a", "100.00"]]);
  });
});

describe("choosing", () => {
  test("keeps to one currency, and to what can be paid now", async () => {
    const { flow, choose } = stage({
      invoices: [invoice("a"), invoice("e", { currency: "EUR" }), invoice("u", { payableMinor: "0" })],
    });
    await choose("a", "e", "u");
    expect([...flow.state.chosen.keys()]).toEqual(["a"]);
    flow.toggleAll("EUR");
    expect([...flow.state.chosen.keys()]).toEqual(["e"]);
    flow.toggleAll("EUR");
    expect(flow.state.chosen.size).toBe(0);
  });

  test("holds at most as many invoices as one payment may", async () => {
    const many = Array.from({ length: 130 }, (_, at) => invoice(`i${at}`));
    const { flow } = stage({ invoices: many });
    await flow.start();
    flow.toggleAll("USD");
    flow.toggle(invoice("i120"));
    expect(flow.state.chosen.size).toBe(100);
    expect(flow.price.totalMinor).toBe(1_000_000n);
  });

  test("among twenty thousand invoices takes time that grows with them, not with their square", async () => {
    const many = Array.from({ length: 20_000 }, (_, at) => invoice(`i${at}`));
    const { flow } = stage({ invoices: many });
    await flow.start();
    flow.toggle(invoice("i19999"));
    const startMs = performance.now();
    expect(many.every((each) => closedBecause(each, flow.state) === null)).toBe(true);
    flow.speak({ ...flow.state.session, invoices: [...many] } as Session);
    await flow.another();
    expect(performance.now() - startMs).toBeLessThan(1_500);
  });

  test("after a stale list cuts amounts to what is left and drops what is paid", async () => {
    const list = [invoice("a"), invoice("b"), invoice("c")];
    const { flow, choose } = stage({ invoices: list, pay: [refusal("amount_exceeds_balance", 422)] });
    await choose("a", "b", "c");
    flow.setAmount(invoice("c"), "7");
    list.splice(0, 2, invoice("a", { payableMinor: "4000" }), invoice("b", { payableMinor: "0" }));
    await flow.pay();
    expect([...flow.state.chosen]).toEqual([
      ["a", "40.00"],
      ["c", "7"],
    ]);
  });
});

describe("another language", () => {
  const usd = [invoice("a", { payableMinor: "1234500" }), invoice("b"), invoice("c")];

  test("keeps the choice and writes its amounts as that language does: not one of them is another", async () => {
    const world = stage({ invoices: usd, locales: ["en", "de"] });
    await world.choose("a", "b");
    world.flow.setAmount(usd[0] as Invoice, "1,250.50");
    const before = world.flow.price;
    world.flow.speak(world.session);
    expect([...world.flow.state.chosen]).toEqual([
      ["a", "1.250,50"],
      ["b", "100,00"],
    ]);
    expect(world.flow.price).toEqual(before);
    expect(world.flow.locale).toBe("de");
  });

  test("has what could not be read typed again, whatever it means there", async () => {
    const world = stage({ invoices: usd, locales: ["de", "en"] });
    await world.choose("a", "b");
    world.flow.setAmount(usd[0] as Invoice, "12,345");
    expect(world.flow.price.invalid.get("a")).toBe("invalid");
    world.flow.speak(world.session);
    expect(world.flow.state.chosen.get("a")).toBe("");
    expect([...world.flow.price.invalid.keys()]).toEqual(["a"]);
  });

  test("in the middle of a payment changes nothing of it", async () => {
    const world = stage({
      locales: ["en", "de"],
      pay: [
        (request) => {
          world.flow.speak(world.session);
          return payment(request);
        },
      ],
    });
    await world.choose("a");
    await world.flow.pay();
    expect(world.seen.requests).toMatchObject([{ lines: [{ amountMinor: "10000" }] }]);
    expect(world.flow.state.phase.name).toBe("receipt");
  });
});
