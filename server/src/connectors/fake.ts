import { type Connector, ErpError, type ErpInvoice, type ErpPayment, type PostResult } from "./connector.ts";

/** What goes wrong with the next call that fits. `lose_answer` posts and then says it does not know. */
type FakeFault = "unavailable" | "throttled" | "lose_answer";

export interface FakeErp {
  connector: Connector;
  customers: Map<string, { name: string; email: string | null; invoices: ErpInvoice[] }>;
  /** Everything posted, in order; the oracle. */
  payments: ErpPayment[];
  fail(fault: FakeFault, on: "read" | "write"): void;
}

/** An ERP in memory that keeps every promise of the interface; for tests of what sits above it. */
export function createFakeErp(): FakeErp {
  const customers: FakeErp["customers"] = new Map();
  const payments: ErpPayment[] = [];
  const faults = { read: [] as FakeFault[], write: [] as FakeFault[] };

  const connector: Connector = {
    id: "fake",
    async openInvoices({ customerId, signal }) {
      if (signal.aborted) throw new ErpError("unreachable", "aborted", { cause: signal.reason });
      const fault = faults.read.shift();
      if (fault === "throttled") throw new ErpError("throttled", "slow down", { retryAfterMs: 2000 });
      if (fault) throw new ErpError("unreachable", "down");
      const customer = customers.get(customerId);
      if (!customer) throw new ErpError("not_found", `no customer ${customerId}`);
      const { name, email, invoices } = customer;
      return {
        customer: { id: customerId, name, email },
        invoices: invoices.filter((i) => i.openMinor > 0n),
      };
    },
    async postPayment({ payment, signal }) {
      if (signal.aborted) return { kind: "retry", cause: "aborted", retryAfterMs: null };
      // Like every connector it looks before it posts.
      const fault = faults.read.shift() ?? faults.write.shift();
      if (fault === "throttled") return { kind: "retry", cause: "slow down", retryAfterMs: 2000 };
      if (fault === "unavailable") return { kind: "retry", cause: "down", retryAfterMs: null };
      const result = post(payment);
      return fault ? { kind: "retry", cause: "the answer was lost", retryAfterMs: null } : result;
    },
    async probe() {
      const down = faults.read.shift() !== undefined;
      return [
        { ok: !down, what: down ? "the ERP is down" : "the ERP answers", advice: down ? "wait" : null },
      ];
    },
  };

  function post(payment: ErpPayment): PostResult {
    const earlier = payments.findIndex(({ externalId }) => externalId === payment.externalId);
    if (earlier >= 0) return { kind: "posted", erpRef: String(earlier + 1), already: true };
    const invoices = customers.get(payment.customerId)?.invoices ?? [];
    const lines = payment.lines.map((line) => ({
      ...line,
      invoice: invoices.find(({ id, currency }) => id === line.invoiceId && currency === payment.currency),
    }));
    for (const { invoice, amountMinor, invoiceNumber } of lines) {
      if (!invoice || invoice.openMinor < amountMinor) {
        return { kind: "refused", cause: `invoice ${invoiceNumber} is not open for this amount` };
      }
    }
    for (const { invoice, amountMinor } of lines) if (invoice) invoice.openMinor -= amountMinor;
    payments.push(payment);
    return { kind: "posted", erpRef: String(payments.length), already: false };
  }

  return { connector, customers, payments, fail: (fault, on) => void faults[on].push(fault) };
}
