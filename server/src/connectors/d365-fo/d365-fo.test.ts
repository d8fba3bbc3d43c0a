import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { toDecimal } from "../../money/money.ts";
import { connectorConformance, type ErpUnderTest } from "../conformance.ts";
import type { Connector, ErpPayment } from "../connector.ts";
import { booked, expectPaid, paymentOf, signal, untilPosted } from "../testing/booked.ts";
import { startEnvironment } from "./testing/environment.ts";

connectorConformance("d365-fo, against the stand-in environment", async () =>
  (await startEnvironment()).erpOf("JP-011"),
);

const short = (reference: string) => reference.slice(0, 20);

/** F&O whose field is shorter than our reference. A journal is made twice; the answer about a line is lost. */
function twoJournalsAndShortReferences(): typeof fetch {
  return async (input, init) => {
    if (init?.method !== "POST") return fetch(input, init);
    const url = String(input);
    if (url.includes("/CustomerPaymentJournalHeaders")) await (await fetch(input, init)).text();
    if (!url.includes("/CustomerPaymentJournalLines")) return fetch(input, init);
    const { PaymentReference: reference } = JSON.parse(String(init.body));
    const body = String(init.body).replace(reference, short(reference));
    await (await fetch(input, { ...init, body })).text();
    throw new TypeError("fetch failed");
  };
}

describe("an environment as it was recorded", () => {
  let { ask, connect, lines, erpOf, enter } = {} as Awaited<ReturnType<typeof startEnvironment>>;
  let erp: ErpUnderTest;
  beforeAll(async () => {
    // So that a person may mark several invoices: what names no company goes there.
    ({ ask, connect, lines, erpOf, enter } = await startEnvironment({ DEFAULT_COMPANY: "usmf" }));
    erp = erpOf("JP-011");
  });
  beforeEach(() => erp.reset());
  afterAll(() => erp?.close());

  const post = (payment: ErpPayment, connector: Connector = erp.connector) =>
    connector.postPayment({ payment, signal: signal() });
  const read = (connector: Connector = erp.connector) =>
    connector.openInvoices({ customerId: erp.customerId, signal: signal() });
  const wired = (payment: ErpPayment, index = 0) => {
    const { amountMinor = 0n, invoiceNumber = "" } = payment.lines[index] ?? {};
    return { invoiceNumber, amount: Number(toDecimal(amountMinor, payment.currency)) };
  };

  test("each invoice is a line of its own, with its mark and its company from the first", async () => {
    const bodies: Record<string, unknown>[] = [];
    const listening: typeof fetch = (input, init) => {
      if (init?.method === "POST" && String(input).includes("/data/"))
        bodies.push(JSON.parse(String(init.body)));
      return fetch(input, init);
    };
    const payment = await paymentOf(erp, { currency: "EUR", count: 2 });
    expect(await post(payment, connect({ fetch: listening }))).toMatchObject({ kind: "posted" });
    expect(await lines(payment.externalId)).toMatchObject(
      payment.lines.map(({ invoiceNumber }, index) => ({ line: index + 1, marked: [{ invoiceNumber }] })),
    );
    expect(bodies.map(({ dataAreaId }) => dataAreaId)).toEqual(["usmf", "usmf", "usmf"]);
    expect(bodies.slice(1)).toMatchObject(
      payment.lines.map(({ invoiceNumber: MarkedInvoice }) => ({
        ...{ MarkedInvoice, MarkedInvoiceCompany: "usmf", OffsetCompany: "usmf" },
      })),
    );
  });

  test("whatever company the application's user belongs to, the payment goes into the tenant's", async () => {
    const elsewhere = await startEnvironment({ DEFAULT_COMPANY: "dat" });
    const there = elsewhere.erpOf("JP-011");
    await there.reset();
    const payment = await paymentOf(there, { currency: "EUR", count: 2 });
    expect(await post(payment, there.connector)).toMatchObject({ kind: "posted" });
    expect((await elsewhere.lines(payment.externalId)).map(({ company }) => company)).toEqual([
      "usmf",
      "usmf",
    ]);
    await there.close();
  });

  test.each([1, 2])("the journal's name is changed: its %i invoices are not offered again", async (count) => {
    const payment = await paymentOf(erp, { currency: "EUR", count });
    expect(await post(payment)).toMatchObject({ kind: "posted" });
    const { invoices } = await read(connect({ journalName: "CustPay" }));
    const offered = invoices.map(({ id }) => id);
    for (const { invoiceId } of payment.lines) expect(offered).not.toContain(invoiceId);
    expect(offered).not.toEqual([]);
  });

  test("two journals carry the payment's words, one is empty: the line is not written again", async () => {
    const connector = connect({ fetch: twoJournalsAndShortReferences() });
    const payment = await paymentOf(erp, { currency: "USD", count: 1, part: 3n });
    expect(await untilPosted(() => post(payment, connector))).toMatchObject({ kind: "posted" });
    expect(await erp.payments(short(payment.externalId))).toHaveLength(1);
  });

  test("the posting job comes in between: what is missing goes into another journal, once", async () => {
    const payment = await paymentOf(erp, { currency: "EUR", count: 2 });
    let written = 0;
    const interrupted: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      if (init?.method !== "POST" || !String(input).includes("/CustomerPaymentJournalLines")) return answer;
      written += 1;
      if (written === 1) await erp.bookRecorded();
      return answer;
    };
    const connector = connect({ fetch: interrupted });
    const result = await untilPosted(() => post(payment, connector));
    expect(result).toMatchObject({ kind: "posted", erpRef: expect.stringMatching(/^\d+ \d+$/) });
    const stored = await lines(payment.externalId);
    expect(stored.flatMap(({ marked }) => marked.map(({ invoiceNumber }) => invoiceNumber)).sort()).toEqual(
      payment.lines.map(({ invoiceNumber }) => invoiceNumber).sort(),
    );
    expect(await post(payment)).toMatchObject({ ...result, already: true });
    await expectPaid(erp, payment);
  });

  test("a line that was stored without its mark is taken back before the posting job can meet it", async () => {
    const payment = await paymentOf(erp, { currency: "EUR", count: 2 });
    await ask("/demo/unmark", { remaining: 1 });
    expect(await post(payment)).toEqual({
      kind: "refused",
      cause: expect.stringContaining(`invoice ${payment.lines[0]?.invoiceNumber} could not be marked`),
    });
    expect(await lines(payment.externalId)).toEqual([]);
    expect(await post(payment)).toMatchObject({ kind: "posted" });
    expect(await erp.payments(payment.externalId)).toEqual([booked(payment)]);
  });

  test("an unmarked line that an earlier try left is taken back, and its payment written anew", async () => {
    const payment = await paymentOf(erp, { currency: "USD", count: 1 });
    await enter(payment.externalId, [
      {
        ...{ AccountDisplayValue: "JP\\-011", CreditAmount: wired(payment).amount, CurrencyCode: "USD" },
        PaymentReference: payment.externalId,
      },
    ]);
    expect(await post(payment)).toMatchObject({ kind: "posted" });
    expect(await lines(payment.externalId)).toMatchObject([{ marked: [{}], line: 1 }]);
    await expectPaid(erp, payment);
  });

  test("posted without its invoice it is for a person; once they have settled it, the payment is posted", async () => {
    const payment = await paymentOf(erp, { currency: "USD", count: 1 });
    const batch = await enter(payment.externalId, [
      {
        ...{ AccountDisplayValue: "JP\\-011", CreditAmount: wired(payment).amount, CurrencyCode: "USD" },
        PaymentReference: payment.externalId,
      },
    ]);
    await erp.bookRecorded();
    expect(await post(payment)).toEqual({
      kind: "refused",
      cause: expect.stringContaining(`journal ${batch}`),
    });
    await erp.payElsewhere(payment.lines[0]?.invoiceId ?? "");
    expect(await post(payment)).toEqual({ kind: "posted", erpRef: batch, already: true });
    expect(await lines(payment.externalId)).toHaveLength(1);
  });

  test("an invoice that another journal has marked is tried again, naming the journal, and nothing is written", async () => {
    const payment = await paymentOf(erp, { currency: "EUR", count: 2, part: 2n });
    const { invoiceNumber } = wired(payment, 1);
    const blocking = await enter("Lockbox", [
      {
        ...{ AccountDisplayValue: "JP\\-011", CreditAmount: 1, CurrencyCode: "EUR" },
        MarkedInvoice: invoiceNumber,
      },
    ]);
    const blocked = await post(payment);
    expect(blocked).toMatchObject({ kind: "retry", retryAfterMs: 60_000 });
    expect(blocked).toMatchObject({ cause: expect.stringContaining(`journal ${blocking} in company usmf`) });
    expect(await lines(payment.externalId)).toEqual([]);
    await erp.bookRecorded();
    expect(await post(payment)).toMatchObject({ kind: "posted" });
  });

  test("marked by another in the same moment: F&O's own words name the journal, and it is tried again", async () => {
    const payment = await paymentOf(erp, { currency: "USD", count: 1, part: 2n });
    let blocking = "";
    const late: typeof fetch = async (input, init) => {
      if (init?.method === "POST" && String(input).includes("/CustomerPaymentJournalHeaders")) {
        blocking = await enter("Lockbox", [
          {
            ...{ AccountDisplayValue: "JP\\-011", CreditAmount: 1, CurrencyCode: "USD" },
            MarkedInvoice: wired(payment).invoiceNumber,
          },
        ]);
      }
      return fetch(input, init);
    };
    const result = await post(payment, connect({ fetch: late }));
    expect(result).toMatchObject({
      kind: "retry",
      cause: expect.stringContaining(`has been marked for settlement by Lockbox ${blocking} in company usmf`),
    });
    expect(await lines(payment.externalId)).toEqual([]);
  });

  test("of a journal that a person made only the customer's own lines count, its settled invoices before its lines, and nothing raises a balance", async () => {
    const { invoices } = await read();
    const [first, second, third] = invoices.filter(({ currency }) => currency !== "JPY");
    if (!first || !second || !third) throw new Error("too few invoices");
    const major = (invoice: typeof first) => Number(toDecimal(invoice.openMinor, invoice.currency));
    const own = { AccountDisplayValue: "JP\\-011" };
    await enter("Lockbox", [
      // Says another amount than what it settles: the rows are right.
      {
        ...{ ...own, CreditAmount: major(first), CurrencyCode: first.currency },
        settled: [{ InvoiceNumber: first.number, SettlementAmountInInvoiceCurrency: 1 }],
      },
      { ...own, CreditAmount: 2, CurrencyCode: second.currency, MarkedInvoice: second.number },
      { AccountDisplayValue: "US\\-001", CreditAmount: 5, CurrencyCode: "USD" },
      { ...own, CreditAmount: 5, CurrencyCode: "USD" },
    ]);
    const after = new Map((await read()).invoices.map(({ id, openMinor }) => [id, openMinor]));
    const one = (currency: string) => 10n ** BigInt(currency === "KWD" ? 3 : 2);
    expect(after.get(first.id)).toBe(first.openMinor - one(first.currency));
    expect(after.get(second.id)).toBe(second.openMinor - 2n * one(second.currency));
    expect(after.get(third.id)).toBe(third.openMinor);
  });

  test("several marked in one line are an asterisk there: what its settled invoices say is not offered again", async () => {
    const { invoices } = await read();
    const [one, two] = invoices.filter(({ currency }) => currency === "EUR");
    await enter("Lockbox", [
      {
        ...{ AccountDisplayValue: "JP\\-011", CreditAmount: 59.9, CurrencyCode: "EUR" },
        settled: [
          { InvoiceNumber: one?.number, SettlementAmountInInvoiceCurrency: 9.9 },
          { InvoiceNumber: two?.number, SettlementAmountInInvoiceCurrency: 50 },
        ],
      },
    ]);
    const after = new Map((await read()).invoices.map(({ id, openMinor }) => [id, openMinor]));
    expect(after.get(one?.id ?? "")).toBe((one?.openMinor ?? 0n) - 990n);
    expect(after.get(two?.id ?? "")).toBe((two?.openMinor ?? 0n) - 5_000n);
  });

  test("an asterisk without settled invoices hides what it may stand for, and nothing in another currency", async () => {
    const { invoices } = await read();
    await enter("Lockbox", [{ AccountDisplayValue: "JP\\-011", CreditAmount: 5, CurrencyCode: "EUR" }]);
    const starred: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      if (!String(input).includes("/CustomerPaymentJournalLines")) return answer;
      return new Response((await answer.text()).replace('"MarkedInvoice":""', '"MarkedInvoice":"*"'));
    };
    const after = await read(connect({ fetch: starred }));
    expect(after.invoices).toEqual(invoices.filter(({ currency }) => currency !== "EUR"));
    expect(after.withheld).toHaveLength(invoices.length - after.invoices.length);
  });

  test("a residue of staging keeps nobody from paying the other invoices", async () => {
    const { invoices } = await read();
    const [odd] = invoices;
    await ask(`/demo/invoices/${odd?.id}/open`, { open: "100.0049999" });
    const after = await read();
    expect(after.invoices).toEqual(invoices.filter(({ id }) => id !== odd?.id));
    expect(after.withheld).toEqual([{ number: odd?.number, why: expect.stringContaining("decimals") }]);
  });

  test.each(["JP-*", "*", "JP-01?*", "JP-011\u0000", "\ud800"])(
    "a filter's wildcard is nobody's account: %j",
    async (customerId) => {
      const reading = erp.connector.openInvoices({ customerId, signal: signal() });
      await expect(reading).rejects.toMatchObject({ code: "not_found" });
    },
  );

  test("writings have a writing's time; with none left for another, the next try goes on", async () => {
    const payment = await paymentOf(erp, { currency: "EUR", count: 2 });
    const hasty = connect({ timing: { readMs: 5_000, writeMs: 9_000, postMs: 10_500 } });
    await ask("/demo/faults", { mode: "slow", on: "write", ms: 1_600 });
    expect(await post(payment, hasty)).toMatchObject({ kind: "retry" });
    expect(await post(payment)).toMatchObject({ kind: "posted" });
    expect(await erp.payments(payment.externalId)).toEqual([booked(payment)]);
  });
});
