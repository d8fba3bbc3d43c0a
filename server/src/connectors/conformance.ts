import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Connector, ErpError, type ErpPayment } from "./connector.ts";
import {
  booked,
  byId,
  decimal,
  exact,
  expectPaid,
  paymentOf,
  signal,
  untilPosted,
} from "./testing/booked.ts";

/** An ERP beside its connector: what really is booked there, and ways to make it misbehave. */
export interface ErpUnderTest {
  connector: Connector;
  /** Has open invoices in USD, EUR, JPY and KWD, at least two of them in EUR. */
  customerId: string;
  /** Has ten open invoices in USD, or more. */
  busyCustomerId: string;
  /** Known, but owes nothing. */
  debtFreeCustomerId: string;
  /** Everything the customer was ever billed, amounts as the ERP's own decimal text. */
  invoices(): Promise<{ id: string; number: string; currency: string; total: string; open: string }[]>;
  /** Payments booked under an external id. */
  payments(
    externalId: string,
  ): Promise<
    { amount: string; currency: string; date: string; applied: { invoiceNumber: string; amount: string }[] }[]
  >;
  /** The next request of that kind fails; `lose_answer` works it off and then breaks the connection. */
  fail(mode: "unavailable" | "throttled" | "lose_answer", on: "read" | "write"): Promise<void>;
  /** Somebody pays the whole invoice in the ERP itself. */
  payElsewhere(invoiceId: string): Promise<void>;
  /** Every access token ends now. */
  endTokens(): Promise<void>;
  /** Books what was recorded, where that is a step of its own. */
  bookRecorded(): Promise<void>;
  /** Back to the first day. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** What every connector must do. Run it against the vendor's stand-in and, where there is one, a sandbox. */
export function connectorConformance(name: string, start: () => Promise<ErpUnderTest>): void {
  describe(`connector ${name}`, () => {
    let erp: ErpUnderTest;
    beforeAll(async () => {
      erp = await start();
    });
    beforeEach(() => erp.reset());
    afterAll(() => erp?.close());

    reading(() => erp);
    posting(() => erp);
    probing(() => erp);
    faults(() => erp);
  });
}

function reading(erp: () => ErpUnderTest): void {
  const read = (customerId: string) => erp().connector.openInvoices({ customerId, signal: signal() });

  test("lists every open invoice of a customer, all currencies, amounts exact", async () => {
    const { customer, invoices } = await read(erp().customerId);
    expect(customer).toEqual({
      id: erp().customerId,
      name: expect.stringMatching(/./),
      email: expect.stringContaining("@"),
    });
    const booked = (await erp().invoices()).filter(({ open }) => Number(open) > 0);
    expect(byId(invoices.map(decimal))).toEqual(byId(booked.map(exact)));
    expect(new Set(invoices.map(({ currency }) => currency))).toEqual(new Set(["USD", "EUR", "JPY", "KWD"]));
    for (const { issuedOn, dueOn } of invoices) {
      expect([issuedOn, dueOn]).toEqual([expect.stringMatching(isoDate), expect.stringMatching(isoDate)]);
    }
  });

  test("does not list an invoice that was paid in the ERP", async () => {
    const [paid] = (await read(erp().customerId)).invoices;
    await erp().payElsewhere(paid?.id ?? "");
    const { invoices } = await read(erp().customerId);
    expect(invoices.map(({ id }) => id)).not.toContain(paid?.id);
    expect(invoices.length).toBeGreaterThan(0);
  });

  test("a customer who owes nothing has no invoices", async () => {
    expect((await read(erp().debtFreeCustomerId)).invoices).toEqual([]);
  });

  test.each([
    "999999999",
    "0",
    "001043",
    " 1043",
    "jp-011",
    "no-such",
    "x' or 'a' eq 'a",
    "1 OR 1=1",
    "ü%/?&#\\",
  ])("a customer id nobody has is not found: %s", async (customerId) => {
    await expect(read(customerId)).rejects.toMatchObject({ name: "ErpError", code: "not_found" });
  });

  test("reading ends with the caller's signal", async () => {
    const aborted = AbortSignal.abort(new Error("the payer left"));
    const input = { customerId: erp().customerId, signal: aborted };
    await expect(erp().connector.openInvoices(input)).rejects.toMatchObject({ code: "unreachable" });
  });
}

function posting(erp: () => ErpUnderTest): void {
  const post = (payment: ErpPayment) => erp().connector.postPayment({ payment, signal: signal() });

  test.each(["USD", "EUR", "JPY", "KWD"])("posts a payment in %s with its exact amount", async (currency) => {
    const payment = await paymentOf(erp(), { currency, count: 1 });
    expect(await post(payment)).toEqual({
      kind: "posted",
      erpRef: expect.stringMatching(/./),
      already: false,
    });
    expect(await erp().payments(payment.externalId)).toEqual([booked(payment)]);
    await expectPaid(erp(), payment);
  });

  test("a partial payment leaves the rest open", async () => {
    const payment = await paymentOf(erp(), { currency: "KWD", count: 1, part: 3n });
    expect(await post(payment)).toMatchObject({ kind: "posted" });
    expect(await erp().payments(payment.externalId)).toEqual([booked(payment)]);
    await expectPaid(erp(), payment);
  });

  test("one payment settles several invoices", async () => {
    const payment = await paymentOf(erp(), { currency: "EUR", count: 2 });
    expect(payment.lines).toHaveLength(2);
    expect(await post(payment)).toMatchObject({ kind: "posted", already: false });
    expect(await erp().payments(payment.externalId)).toEqual([booked(payment)]);
    await expectPaid(erp(), payment);
  });

  test("the same payment again is found, not posted", async () => {
    const payment = await paymentOf(erp(), { currency: "USD", count: 1, part: 2n });
    const first = await post(payment);
    await erp().bookRecorded();
    expect(await post(payment)).toEqual({ ...first, already: true });
    expect(await erp().payments(payment.externalId)).toHaveLength(1);
    await expectPaid(erp(), payment);
  });

  test("an invoice paid in the ERP meanwhile refuses the payment, and nothing is booked", async () => {
    const payment = await paymentOf(erp(), { currency: "USD", count: 1 });
    await erp().payElsewhere(payment.lines[0]?.invoiceId ?? "");
    expect(await post(payment)).toEqual({ kind: "refused", cause: expect.stringMatching(/./) });
    expect(await erp().payments(payment.externalId)).toEqual([]);
  });

  test("more than is open is refused", async () => {
    const payment = await paymentOf(erp(), { currency: "JPY", count: 1 });
    const [line] = payment.lines;
    if (!line) throw new Error("no line");
    const more = line.amountMinor + 1n;
    const tooMuch = { ...payment, amountMinor: more, lines: [{ ...line, amountMinor: more }] };
    expect(await post(tooMuch)).toMatchObject({ kind: "refused" });
    expect(await erp().payments(payment.externalId)).toEqual([]);
  });

  test("what was recorded is not offered for payment again, booked or not", async () => {
    const payment = await paymentOf(erp(), { currency: "EUR", count: 2 });
    await post(payment);
    await expectPaid(erp(), payment);
    await erp().bookRecorded();
    await expectPaid(erp(), payment);
  });
}

function probing(erp: () => ErpUnderTest): void {
  const probe = () => erp().connector.probe({ signal: signal() });

  test("a probe of settings that work finds nothing wrong, in words", async () => {
    const findings = await probe();
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(findings.length).toBeGreaterThan(0);
    for (const { what } of findings) expect(what).toMatch(/\w+ \w+/);
  });

  test("a probe of an ERP that does not answer says so and what to do, and throws nothing", async () => {
    await erp().fail("unavailable", "read");
    const [fault] = (await probe()).filter(({ ok }) => !ok);
    expect(fault).toEqual({
      ok: false,
      what: expect.stringMatching(/./),
      advice: expect.stringMatching(/./),
    });
  });
}

function faults(erp: () => ErpUnderTest): void {
  const post = (payment: ErpPayment) => erp().connector.postPayment({ payment, signal: signal() });
  const read = () => erp().connector.openInvoices({ customerId: erp().customerId, signal: signal() });

  test("an ended token is renewed without anybody noticing", async () => {
    await read();
    await erp().endTokens();
    expect((await read()).invoices.length).toBeGreaterThan(0);
  });

  test.each([
    ["throttled", "throttled"],
    ["unavailable", "unreachable"],
  ] as const)("reading from an ERP that is %s throws", async (mode, code) => {
    await erp().fail(mode, "read");
    const error = await read().then(
      () => null,
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(ErpError);
    expect(error).toMatchObject({ code });
    await read();
  });

  test.each([
    ["throttled", "read"],
    ["throttled", "write"],
    ["unavailable", "read"],
    ["unavailable", "write"],
  ] as const)(
    "posting to an ERP that is %s (%s) is to be tried again, and then is one payment",
    async (mode, on) => {
      const payment = await paymentOf(erp(), { currency: "USD", count: 1 });
      await erp().fail(mode, on);
      expect(await post(payment)).toMatchObject({ kind: "retry", cause: expect.stringMatching(/./) });
      expect(await erp().payments(payment.externalId)).toEqual([]);
      expect(await untilPosted(() => post(payment))).toMatchObject({ kind: "posted" });
      expect(await erp().payments(payment.externalId)).toEqual([booked(payment)]);
    },
  );

  test.each([1, 2])("an answer lost after posting (%i invoices) ends as one payment", async (count) => {
    const payment = await paymentOf(erp(), { currency: "EUR", count });
    // Each write of a posting that takes several loses its answer once.
    for (let write = 0; write < 4; write += 1) {
      await erp().fail("lose_answer", "write");
      await post(payment);
    }
    expect(await untilPosted(() => post(payment))).toMatchObject({ kind: "posted", already: true });
    expect(await erp().payments(payment.externalId)).toEqual([booked(payment)]);
    await expectPaid(erp(), payment);
  });

  test("posting with an ended signal is to be tried again and books nothing", async () => {
    const payment = await paymentOf(erp(), { currency: "USD", count: 1 });
    const result = await erp().connector.postPayment({ payment, signal: AbortSignal.abort() });
    expect(result).toMatchObject({ kind: "retry" });
    expect(await erp().payments(payment.externalId)).toEqual([]);
  });

  test("ten different payments at once: the ERP's limit is waited for, each is posted once", async () => {
    const busy = { ...erp(), customerId: erp().busyCustomerId };
    const all = await paymentOf(busy, { currency: "USD", count: 10 });
    const payments = all.lines.map((line, index) => ({
      ...{ ...all, externalId: `${all.externalId.slice(0, -2)}-${index}` },
      ...{ amountMinor: line.amountMinor, lines: [line] },
    }));
    expect(payments).toHaveLength(10);
    const results = await Promise.all(payments.map(post));
    expect(results.map(({ kind }) => kind)).toEqual(payments.map(() => "posted"));
    for (const payment of payments)
      expect(await erp().payments(payment.externalId)).toEqual([booked(payment)]);
  });
}

const isoDate = /^\d{4}-\d\d-\d\d$/;
