import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ErpUnderTest } from "../conformance.ts";
import type { Connector, ErpPayment } from "../connector.ts";
import { paymentOf, signal } from "../testing/booked.ts";
import { startEnvironment } from "./testing/environment.ts";

let { connect, lines, erpOf } = {} as Awaited<ReturnType<typeof startEnvironment>>;
let erp: ErpUnderTest;
beforeAll(async () => {
  ({ connect, lines, erpOf } = await startEnvironment());
  erp = erpOf("JP-011");
});
beforeEach(() => erp.reset());
afterAll(() => erp?.close());

const post = (payment: ErpPayment, connector: Connector) =>
  connector.postPayment({ payment, signal: signal() });

test("each currency goes to the bank that the setting names for it", async () => {
  const connector = connect({ offsetAccounts: [{ account: "USMF EUR", currency: "EUR" }] });
  const [eur, jpy] = [
    await paymentOf(erp, { currency: "EUR", count: 1 }),
    await paymentOf(erp, { currency: "JPY", count: 1 }),
  ];
  for (const payment of [eur, jpy]) expect(await post(payment, connector)).toMatchObject({ kind: "posted" });
  expect([await lines(eur.externalId), await lines(jpy.externalId)]).toMatchObject([
    [{ bank: "USMF EUR" }],
    [{ bank: "USMF OPER" }],
  ]);
  const payment = await paymentOf(erp, { currency: "KWD", count: 1 });
  expect(await post(payment, connect({ offsetAccount: "USMF USD" }))).toEqual({
    kind: "refused",
    cause: expect.stringContaining("not allowed for bank account USMF USD"),
  });
  expect(await lines(payment.externalId)).toEqual([]);
});

test("a probe names what is not set up, and what to do", async () => {
  const findings = await connect({
    ...{ journalName: "Nope", offsetAccount: "USMF OPER" },
    offsetAccounts: [
      { account: "USMF EUR", currency: "EUR" },
      { account: "Nobody's", currency: "JPY" },
    ],
  }).probe({ signal: signal() });
  expect(findings.filter(({ advice }) => advice).map(({ ok, what }) => `${ok} ${what}`)).toEqual([
    "false there is no journal name Nope in usmf",
    "false there is no bank account Nobody's in usmf",
    "true payments are deposited to USMF OPER, in USD",
  ]);
});
