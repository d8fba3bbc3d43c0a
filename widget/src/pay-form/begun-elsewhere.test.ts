import type { Payment, PaymentRequest } from "@clarity/bff/contract";
import { describe, expect, test } from "vitest";
import { invoice, lost, payment, refusal, type Script, stage } from "./testing/stage.ts";

/** Of invoice `a`, half of which it holds. */
const of = (id: string, more: Partial<Payment> = {}): Payment =>
  payment(
    { id, shown: { surchargeMinor: "0", totalMinor: "5000" } },
    { lines: [{ invoiceId: "a", invoiceNumber: "INV-a", amountMinor: "5000" }], ...more },
  );
const atBank = (id: string) =>
  of(id, { state: "requires_action", action: { type: "challenge", url: `https://bank.test/${id}` } });
/** As a session tells of it. */
const told = (id: string): Payment => ({ ...atBank(id), action: null });
const processing = (id: string) => of(id, { state: "processing" });
const declined = (id: string) => of(id, { state: "declined", reason: "declined" });
const invoices = () => [invoice("a", { payableMinor: "5000" }), invoice("b")];
const request = { id: "P", currency: "USD", shown: { surchargeMinor: "0", totalMinor: "5000" } };

/** What this tab holds, what the session tells, what the server knows, and where the payer arrives. */
const arrivals: {
  holds: string;
  tells: string;
  script: Script;
  arrives: string;
  asked: string[];
  banners: string[];
}[] = [
  { holds: "nothing", tells: "nothing", script: {}, arrives: "choosing", asked: [], banners: [] },
  {
    ...{ holds: "nothing", tells: "P under way" },
    script: { allUnfinished: [processing("P")], known: { P: of("P") } },
    ...{ arrives: "choosing", asked: [], banners: ["P"] },
  },
  {
    ...{ holds: "nothing", tells: "P at the bank" },
    script: { allUnfinished: [told("P")], known: { P: atBank("P") } },
    ...{ arrives: "choosing", asked: [], banners: ["P"] },
  },
  {
    ...{ holds: "nothing", tells: "P with the bank's page, as an older server does" },
    script: { unfinished: atBank("P"), known: { P: atBank("P") } },
    ...{ arrives: "choosing", asked: [], banners: ["P"] },
  },
  {
    ...{ holds: "nothing", tells: "P and Q" },
    script: { allUnfinished: [told("P"), processing("Q")] },
    ...{ arrives: "choosing", asked: [], banners: ["P", "Q"] },
  },
  {
    ...{ holds: "P", tells: "P at the bank" },
    script: { stored: "P", allUnfinished: [told("P")], known: { P: atBank("P") } },
    ...{ arrives: "challenge", asked: ["P"], banners: [] },
  },
  {
    ...{ holds: "P", tells: "P under way, captured by now" },
    script: { stored: "P", allUnfinished: [processing("P")], known: { P: of("P") } },
    ...{ arrives: "receipt", asked: ["P"], banners: [] },
  },
  {
    ...{ holds: "P", tells: "nothing: it was captured" },
    script: { stored: "P", allUnfinished: [], known: { P: of("P") } },
    ...{ arrives: "receipt", asked: ["P"], banners: [] },
  },
  {
    ...{ holds: "P", tells: "nothing: it was declined" },
    script: { stored: "P", allUnfinished: [], known: { P: declined("P") } },
    ...{ arrives: "choosing", asked: ["P"], banners: [] },
  },
  {
    ...{ holds: "P", tells: "P and another's Q" },
    script: { stored: "P", allUnfinished: [told("Q"), told("P")], known: { P: atBank("P"), Q: atBank("Q") } },
    ...{ arrives: "challenge", asked: ["P"], banners: ["Q"] },
  },
  {
    ...{ holds: "P", tells: "another's Q alone, as an older server does" },
    script: { stored: "P", unfinished: atBank("Q"), known: { P: atBank("P"), Q: atBank("Q") } },
    ...{ arrives: "challenge", asked: ["P"], banners: ["Q"] },
  },
  {
    ...{ holds: "an id nobody knows", tells: "another's Q" },
    script: { stored: "X", allUnfinished: [told("Q")], known: { X: refusal("not_found", 404), Q: of("Q") } },
    ...{ arrives: "choosing", asked: ["X", "X"], banners: ["Q"] },
  },
  {
    ...{ holds: "P, which cannot be looked up", tells: "another's Q" },
    script: {
      stored: "P",
      allUnfinished: [told("Q")],
      known: { P: refusal("unavailable", 503), Q: of("Q") },
    },
    ...{ arrives: "blocked", asked: ["P", "P", "P"], banners: ["Q"] },
  },
  {
    ...{ holds: "the request for P", tells: "another's Q" },
    script: {
      stored: request as unknown as PaymentRequest,
      allUnfinished: [told("Q")],
      known: { Q: of("Q") },
      pay: [({ id }) => of(id)],
    },
    ...{ arrives: "receipt", asked: [], banners: ["Q"] },
  },
];

describe("arriving", () => {
  test.each(arrivals)("in a tab that holds $holds, told of $tells: $arrives", async (each) => {
    const { script, arrives, asked, banners } = each;
    const { flow, seen } = stage({ invoices: invoices(), ...script });
    await flow.start();
    expect(flow.state.phase.name).toBe(arrives);
    // While the bank's page is open it is asked for again and again.
    expect(arrives === "challenge" ? seen.looked.slice(0, asked.length) : seen.looked).toEqual(asked);
    expect(flow.state.elsewhere.map(({ id }) => id)).toEqual(banners);
    // Of what was begun elsewhere nothing is told to the page either.
    const own = !each.holds.startsWith("nothing");
    if (!own) expect(seen.settled).toEqual([]);
    expect(JSON.stringify(flow.state.phase)).not.toContain("bank.test/Q");
  });

  test("with a payment under way elsewhere has nothing chosen yet, not even the only invoice", async () => {
    const { flow } = stage({
      invoices: [invoice("a", { payableMinor: "5000" })],
      allUnfinished: [told("P")],
    });
    await flow.start();
    expect([...flow.state.chosen]).toEqual([]);
  });
});

describe("a payment that was begun elsewhere", () => {
  const arrived = async (script: Script) => {
    const world = stage(Object.assign(script, { invoices: script.invoices ?? invoices() }));
    await world.flow.start();
    return world;
  };

  test("is gone on with when the payer wants to, and is this tab's from then on", async () => {
    const { flow, seen, stored } = await arrived({
      allUnfinished: [told("P")],
      known: { P: atBank("P") },
      resume: [of("P")],
    });
    await flow.takeUp(told("P"));
    expect(flow.state.phase).toEqual({ name: "challenge", url: "https://bank.test/P" });
    expect(flow.state.focus).toBe("heading");
    expect([stored(), flow.state.elsewhere]).toEqual(["P", []]);
    await flow.challengeDone();
    expect([flow.state.phase.name, seen.settled, stored()]).toEqual(["receipt", ["captured"], null]);
    await flow.another();
    expect(flow.state).toMatchObject({ waiting: null, elsewhere: [], focus: "heading" });
  });

  test.each([
    ["captured by now", of("P"), "receipt", null],
    ["declined by now", declined("P"), "choosing", "decline.declined"],
  ])("%s, says so when it is asked for", async (_, known, phase, notice) => {
    const { flow, seen } = await arrived({ allUnfinished: [told("P")], known: { P: known } });
    await flow.takeUp(told("P"));
    expect([flow.state.phase.name, flow.state.notice?.key ?? null]).toEqual([phase, notice]);
    expect(flow.state).toMatchObject({ waiting: null, elsewhere: [] });
    expect(seen.settled).toHaveLength(1);
  });

  test("can be left again, and another one gone on with: none is out of reach", async () => {
    const { flow, stored } = await arrived({
      allUnfinished: [told("P"), told("Q")],
      known: { P: atBank("P"), Q: atBank("Q") },
    });
    await flow.takeUp(told("P"));
    await flow.another();
    expect(flow.state).toMatchObject({ waiting: { id: "P" }, elsewhere: [{ id: "Q" }] });
    await flow.takeUp(told("Q"));
    expect(flow.state).toMatchObject({ waiting: { id: "Q" }, elsewhere: [{ id: "P" }] });
    expect(flow.state.phase).toEqual({ name: "challenge", url: "https://bank.test/Q" });
    expect(stored()).toBe("Q");
  });

  test("without an answer is neither lost nor declined", async () => {
    const script: Script = { allUnfinished: [told("P")], known: { P: lost() } };
    const { flow, seen } = await arrived(script);
    await flow.takeUp(told("P"));
    expect(flow.state.phase).toEqual({ name: "unclear", known: true, code: "network" });
    expect(seen.settled).toEqual([]);
    script.known = { P: of("P") };
    await flow.checkAgain();
    expect([flow.state.phase.name, seen.settled]).toEqual(["receipt", ["captured"]]);
  });

  test("is not taken up while a payment of this tab is on its way", async () => {
    const world = await arrived({ allUnfinished: [told("P")], pay: [({ id }) => of(id)] });
    const [, b] = world.invoices;
    if (b) world.flow.toggle(b);
    world.flow.cardChanged({ status: "ready", complete: true });
    await Promise.all([world.flow.pay(), world.flow.takeUp(told("P"))]);
    expect(world.seen.looked).toEqual([]);
    expect(world.seen.settled).toEqual(["captured"]);
  });

  test("is told of as long as it holds an invoice, and no longer", async () => {
    const { flow, invoices: rows } = await arrived({ allUnfinished: [told("P")] });
    await flow.another();
    expect(flow.state.elsewhere).toHaveLength(1);
    rows.splice(0, 1, invoice("a", { openMinor: "5000", payableMinor: "5000" }));
    await flow.another();
    expect(flow.state.elsewhere).toEqual([]);
  });

  test("has its invoices in the list as being paid, and what it holds cannot be paid again", async () => {
    const held = [invoice("a", { payableMinor: "0" }), invoice("b")];
    const { flow } = await arrived({ invoices: held, allUnfinished: [told("P")] });
    if (held[0]) flow.toggle(held[0]);
    expect(flow.state.chosen.size).toBe(0);
    flow.toggleAll("USD");
    expect([...flow.state.chosen.keys()]).toEqual(["b"]);
  });
});
