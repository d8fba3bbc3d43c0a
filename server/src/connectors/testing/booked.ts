/** What the conformance suite posts, and how it compares what is booked. */
import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { toDecimal } from "../../money/money.ts";
import type { ErpUnderTest } from "../conformance.ts";
import type { ErpInvoice, ErpPayment, PostResult } from "../connector.ts";

export const signal = () => AbortSignal.timeout(25_000);

/** A payment of the customer's first `count` open invoices in that currency. */
export async function paymentOf(
  erp: ErpUnderTest,
  how: { currency: string; count: number /** Pays the n-th part only. */; part?: bigint },
): Promise<ErpPayment> {
  const { invoices } = await erp.connector.openInvoices({ customerId: erp.customerId, signal: signal() });
  const lines = invoices
    .filter(({ currency }) => currency === how.currency)
    .slice(0, how.count)
    .map(({ id, number, openMinor }) => ({
      invoiceId: id,
      invoiceNumber: number,
      amountMinor: openMinor / (how.part ?? 1n),
    }));
  return {
    externalId: `pay_${randomUUID()}`,
    customerId: erp.customerId,
    currency: how.currency,
    amountMinor: lines.reduce((sum, line) => sum + line.amountMinor, 0n),
    surchargeMinor: 0n,
    capturedOn: "2026-03-02",
    providerRef: "ch_1",
    memo: "Card payment, receipt 1001",
    lines,
  };
}

/** The connector no longer offers what the payment settled; other invoices stay as they were. */
export async function expectPaid(erp: ErpUnderTest, payment: ErpPayment): Promise<void> {
  const { invoices } = await erp.connector.openInvoices({ customerId: erp.customerId, signal: signal() });
  const first = new Map((await erp.invoices()).map((invoice) => [invoice.id, invoice]));
  await erp.bookRecorded();
  for (const booked of await erp.invoices()) {
    const listed = invoices.find(({ id }) => id === booked.id);
    expect(listed ? toDecimal(listed.openMinor, listed.currency) : "0").toSatisfy(sameNumber(booked.open));
    const paid = payment.lines.find(({ invoiceId }) => invoiceId === booked.id);
    if (!paid) expect(booked.open).toBe(first.get(booked.id)?.open);
  }
}

export async function untilPosted(post: () => Promise<PostResult>): Promise<PostResult> {
  for (let tries = 0; tries < 5; tries += 1) {
    const result = await post();
    if (result.kind !== "retry") return result;
  }
  throw new Error("still to be tried again after five tries");
}

/** The payment as `ErpUnderTest.payments` should answer it. */
export const booked = (payment: ErpPayment) => ({
  amount: expect.toSatisfy(sameNumber(toDecimal(payment.amountMinor, payment.currency))),
  currency: payment.currency,
  date: payment.capturedOn,
  applied: expect.toSatisfy((applied: { invoiceNumber: string; amount: string }[]) => {
    const got = applied.map(({ invoiceNumber, amount }) => `${invoiceNumber} ${plain(amount)}`).sort();
    const wanted = payment.lines.map(
      (line) => `${line.invoiceNumber} ${plain(toDecimal(line.amountMinor, payment.currency))}`,
    );
    return JSON.stringify(got) === JSON.stringify(wanted.sort());
  }),
});

/** Decimal text without trailing zeros: ERPs disagree about them. */
const plain = (text: string) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
const sameNumber = (wanted: string) => (text: string) => plain(text) === plain(wanted);

/** An invoice the connector read, and one the ERP itself names (`exact`), in one form. */
export const decimal = ({ id, number, currency, totalMinor, openMinor }: ErpInvoice) => ({
  id,
  number,
  currency,
  total: plain(toDecimal(totalMinor, currency)),
  open: plain(toDecimal(openMinor, currency)),
});
export const exact = ({
  id,
  number,
  currency,
  total,
  open,
}: Awaited<ReturnType<ErpUnderTest["invoices"]>>[number]) => ({
  id,
  number,
  currency,
  total: plain(total),
  open: plain(open),
});
export const byId = <T extends { id: string }>(all: T[]) => all.toSorted((a, b) => (a.id < b.id ? -1 : 1));
