import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connectorConformance, type ErpUnderTest } from "../conformance.ts";
import type { Connector, ErpPayment } from "../connector.ts";
import { booked, expectPaid, paymentOf, signal, untilPosted } from "../testing/booked.ts";
import { startNetsuiteAccount } from "./testing/account.ts";

connectorConformance("netsuite, against the stand-in account", async () =>
  (await startNetsuiteAccount()).erpOf("1043"),
);

describe("an account as it was recorded", () => {
  let { ask, connect, bookedPayments, erpOf } = {} as Awaited<ReturnType<typeof startNetsuiteAccount>>;
  let erp: ErpUnderTest;
  beforeAll(async () => {
    ({ ask, connect, bookedPayments, erpOf } = await startNetsuiteAccount());
    erp = erpOf("1043");
  });
  beforeEach(() => erp.reset());
  afterAll(() => erp?.close());

  const post = (payment: ErpPayment, connector: Connector = erp.connector) =>
    connector.postPayment({ payment, signal: signal() });
  const usd = (part = 1n) => paymentOf(erp, { currency: "USD", count: 1, part });

  test("no payment charges a stored card, and each goes to the account of its subsidiary and currency", async () => {
    const german = erpOf("1044");
    const payments = [
      await usd(),
      await paymentOf(erp, { currency: "EUR", count: 1 }),
      await paymentOf(german, { currency: "EUR", count: 1 }),
    ];
    for (const payment of payments) expect(await post(payment)).toMatchObject({ kind: "posted" });
    const all = await Promise.all(payments.map(({ externalId }) => bookedPayments(externalId)));
    expect(
      all.flat().map(({ accountId, subsidiaryId, charged }) => [accountId, subsidiaryId, charged]),
    ).toEqual([
      ["1", "1", false],
      ["2", "1", false],
      ["5", "2", false],
    ]);
  });

  test.each<[Parameters<typeof connect>[0], string | null]>([
    [{ depositTo: "undeposited_funds" }, null],
    [{ depositAccountId: "7", depositAccounts: [] }, "7"],
  ])("the setting %j decides where the money goes", async (setting, accountId) => {
    const payment = await usd();
    expect(await post(payment, connect(setting))).toMatchObject({ kind: "posted" });
    expect(await bookedPayments(payment.externalId)).toMatchObject([{ accountId }]);
  });

  test("an account that cannot take the payment is refused in NetSuite's words, and nothing is booked", async () => {
    const payment = await paymentOf(erp, { currency: "EUR", count: 1 });
    expect(await post(payment, connect({ depositAccounts: [] }))).toEqual({
      kind: "refused",
      cause: expect.stringContaining("The USD Operating account cannot be used with the EUR currency"),
    });
    expect(await erp.payments(payment.externalId)).toEqual([]);
  });

  test.each([
    { multiCurrency: false },
    { subsidiaries: false },
    { paymentInstruments: false },
    { multiCurrency: false, subsidiaries: false, paymentInstruments: false },
  ])("features that are off take columns and fields away: %j, read and posted all the same", async (off) => {
    const onlyUsd = erpOf("1042");
    const payment = await paymentOf(onlyUsd, { currency: "USD", count: 2 });
    await ask("/demo/features", off);
    const connector = connect({ baseCurrency: "USD" });
    const { invoices } = await connector.openInvoices({ customerId: "1042", signal: signal() });
    expect(invoices.length).toBeGreaterThan(payment.lines.length);
    expect(new Set(invoices.map(({ currency }) => currency))).toEqual(
      new Set("multiCurrency" in off ? ["USD"] : ["USD", "EUR"]),
    );
    expect(await post(payment, connector)).toMatchObject({ kind: "posted", already: false });
    expect(await onlyUsd.payments(payment.externalId)).toEqual([booked(payment)]);
  });

  test("an account with one currency that nobody named says what to do", async () => {
    await ask("/demo/features", { multiCurrency: false });
    const reading = connect().openInvoices({ customerId: "1042", signal: signal() });
    await expect(reading).rejects.toMatchObject({ message: expect.stringContaining("baseCurrency") });
  });

  /** A look-up finds nothing for so many times: the first try is not there to be seen yet. */
  const blind = (times: number, words?: string): typeof fetch => {
    let left = times;
    return async (input, init) => {
      if (String(init?.body).includes("t.externalid") && left-- > 0)
        return Response.json({ hasMore: false, items: [] });
      const answer = await fetch(input, init);
      if (!words || answer.status !== 400) return answer;
      return new Response((await answer.text()).replace("This entity already exists.", words), {
        status: 400,
      });
    };
  };

  test.each(["This entity already exists.", "Diese Entität ist bereits vorhanden."])(
    "%s: the first one landed, in whatever words; it is posted already and no dead letter",
    async (words) => {
      const payment = await usd();
      const first = await post(payment);
      expect(await post(payment, connect({ fetch: blind(1, words) }))).toEqual({ ...first, already: true });
      expect(await bookedPayments(payment.externalId)).toMatchObject([{ writes: 1 }]);
    },
  );

  test("what exists already and cannot be seen yet is tried again", async () => {
    const payment = await usd();
    await post(payment);
    const connector = connect({ fetch: blind(2) });
    expect(await post(payment, connector)).toMatchObject({ kind: "retry" });
    expect(await post(payment, connector)).toMatchObject({ kind: "posted", already: true });
  });

  test("a payment that was saved and not applied is reported with what is missing; applied by a person, it is posted", async () => {
    const payment = await paymentOf(erp, { currency: "EUR", count: 2 });
    const [line] = payment.lines;
    await ask("/demo/misapply", { remaining: 1 });
    const refused = { kind: "refused", cause: expect.stringContaining(`to ${line?.invoiceNumber}`) };
    expect(await post(payment)).toEqual(refused);
    // A replay finds it and believes it no more than the first time.
    expect(await post(payment)).toEqual(refused);
    const [record] = await bookedPayments(payment.externalId);
    await ask(`/demo/payments/${record?.id}/apply`, { invoiceId: line?.invoiceId, amount: "1875000.25" });
    expect(await post(payment)).toEqual({ kind: "posted", erpRef: record?.id, already: true });
    await expectPaid(erp, payment);
  });

  test("an invoice in instalments is paid: lines are NetSuite's, none is named", async () => {
    const payment = await usd(2n);
    await ask(`/demo/invoices/${payment.lines[0]?.invoiceId}/instalments`, {});
    expect(await post(payment)).toMatchObject({ kind: "posted" });
    const [record] = await bookedPayments(payment.externalId);
    expect(record?.body.apply.items.map((item) => Object.keys(item).toSorted())).toEqual([
      ["amount", "apply", "doc"],
    ]);
  });

  test("an amount the currency does not know keeps nobody from paying the other invoices", async () => {
    const { invoices } = await erp.connector.openInvoices({ customerId: "1043", signal: signal() });
    const [odd] = invoices.filter(({ currency }) => currency === "USD");
    await ask(`/demo/invoices/${odd?.id}/open`, { open: "100.0049999" });
    const after = await erp.connector.openInvoices({ customerId: "1043", signal: signal() });
    expect(after.invoices).toEqual(invoices.filter(({ id }) => id !== odd?.id));
    expect(after.withheld).toEqual([{ number: odd?.number, why: expect.stringContaining("100.0049999") }]);
  });

  test("a writing may take longer than a reading; one that takes longer than that is found, not written again", async () => {
    const timing = { readMs: 2_000, writeMs: 3_000, postMs: 30_000 };
    const patient = connect({ timing });
    await ask("/demo/faults", { mode: "slow", on: "write", ms: 2_500 });
    expect(await post(await usd(7n), patient)).toMatchObject({ kind: "posted", already: false });

    const payment = await usd(5n);
    await ask("/demo/faults", { mode: "slow", on: "write", ms: 5_000 });
    expect(await post(payment, patient)).toMatchObject({ kind: "retry" });
    await expect.poll(() => erp.payments(payment.externalId), { timeout: 20_000 }).toHaveLength(1);
    expect(await post(payment, patient)).toMatchObject({ kind: "posted", already: true });
    expect(await bookedPayments(payment.externalId)).toMatchObject([{ writes: 1 }]);
  });

  test("tries that begin before the first one landed end as one record", async () => {
    const payment = await usd(3n);
    const hasty = connect({ timing: { readMs: 2_000, writeMs: 200, postMs: 30_000 } });
    await ask("/demo/writes", {});
    await ask("/demo/faults", { mode: "slow", on: "write", ms: 1_000 });
    expect(await post(payment, hasty)).toMatchObject({ kind: "retry" });
    expect(await untilPosted(() => post(payment))).toMatchObject({ kind: "posted" });
    // The late one is told that it exists.
    await expect.poll(() => ask("/demo/writes"), { timeout: 20_000 }).toEqual({ begun: 2, ended: 2 });
    expect(await bookedPayments(payment.externalId)).toMatchObject([{ writes: 1 }]);
    await expectPaid(erp, payment);
  });

  test("no writing begins that could not end within the post: it is for the next try", async () => {
    const payment = await usd();
    const late = connect({ timing: { readMs: 20_000, writeMs: 10_000, postMs: 9_999 } });
    expect(await post(payment, late)).toMatchObject({ kind: "retry" });
    expect(await erp.payments(payment.externalId)).toEqual([]);
  });

  describe("a probe of the settings", () => {
    const probe = async (config: Parameters<typeof connect>[0] = {}) => {
      const findings = await connect(config).probe({ signal: signal() });
      return findings.filter(({ ok }) => !ok).map(({ what, advice }) => `${what} → ${advice}`);
    };

    test("names each account that would refuse what it is given, and what to enter", async () => {
      expect(await probe()).toEqual([]);
      const faults = await probe({
        depositAccounts: [
          { accountId: "6", currency: "USD" },
          { accountId: "77", currency: "JPY" },
          { accountId: "1", currency: "KWD" },
        ],
      });
      expect(faults.join("\n")).toBe(
        [
          "deposit account 6 is USD Closed, inactive → make it active, or name another one",
          "there is no deposit account 77 → name another one in the connector's setting",
          'payments in EUR of subsidiary 1 would go to USD Operating, which cannot take them: it is in USD → add the right account to depositAccounts: {accountId, subsidiaryId: "1", currency: "EUR"}',
          'payments in EUR of subsidiary 2 would go to USD Operating, which cannot take them: it is in USD → add the right account to depositAccounts: {accountId, subsidiaryId: "2", currency: "EUR"}',
          'payments in JPY of subsidiary 1 have no deposit account → add the right account to depositAccounts: {accountId, subsidiaryId: "1", currency: "JPY"}',
          'payments in KWD of subsidiary 1 would go to USD Operating, which cannot take them: it is in USD → add the right account to depositAccounts: {accountId, subsidiaryId: "1", currency: "KWD"}',
        ].join("\n"),
      );
      const malformed = await probe({ depositAccountId: "1 OR 1=1" });
      expect(malformed).toEqual([expect.stringContaining("1 OR 1=1 is no internal id")]);
    });

    test("of an account without features says what it has, and does not ask for what it lacks", async () => {
      await ask("/demo/features", { multiCurrency: false, subsidiaries: false, paymentInstruments: false });
      expect(await probe({ baseCurrency: "USD" })).toEqual([]);
      expect(await probe()).toEqual([expect.stringContaining("baseCurrency")]);
    });

    test("with a secret nobody knows says that, and what it is about", async () => {
      const [fault] = await probe({ certificateId: "another" });
      expect(fault).toContain("open invoices can be read: no, 401");
    });
  });
});
