import { fromDecimal, toDecimal } from "../money/money.ts";
import { connectorConformance } from "./conformance.ts";
import { createFakeErp, type FakeErp } from "./fake.ts";

connectorConformance("fake", async () => {
  let fake = createFakeErp();
  const customer = () => fake.customers.get("C-1") ?? { name: "", email: null, invoices: [] };
  return {
    // Resetting swaps the ERP behind the connector.
    connector: {
      id: "fake",
      openInvoices: (input) => fake.connector.openInvoices(input),
      postPayment: (input) => fake.connector.postPayment(input),
      probe: (input) => fake.connector.probe(input),
    },
    customerId: "C-1",
    busyCustomerId: "C-3",
    debtFreeCustomerId: "C-2",
    invoices: async () =>
      customer().invoices.map((i) => ({
        ...i,
        total: toDecimal(i.totalMinor, i.currency),
        open: toDecimal(i.openMinor, i.currency),
      })),
    payments: async (externalId) =>
      fake.payments
        .filter((p) => p.externalId === externalId)
        .map((p) => ({
          amount: toDecimal(p.amountMinor, p.currency),
          currency: p.currency,
          date: p.capturedOn,
          applied: p.lines.map((line) => ({
            invoiceNumber: line.invoiceNumber,
            amount: toDecimal(line.amountMinor, p.currency),
          })),
        })),
    fail: async (mode, on) => fake.fail(mode, on),
    payElsewhere: async (id) => {
      for (const invoice of customer().invoices) if (invoice.id === id) invoice.openMinor = 0n;
    },
    endTokens: async () => {},
    bookRecorded: async () => {},
    reset: async () => {
      fake = seeded();
    },
    close: async () => {},
  };
});

function seeded(): FakeErp {
  const fake = createFakeErp();
  const amounts: [string, string][] = [
    ["USD", "1284999.95"],
    ["USD", "0.30"],
    ["EUR", "2150.40"],
    ["EUR", "740.00"],
    ["JPY", "48600000"],
    ["KWD", "1040300.125"],
  ];
  const invoices = amounts.map(([currency, total], index) => ({
    id: String(index + 1),
    number: `INV-${index + 1}`,
    currency,
    totalMinor: fromDecimal(total, currency),
    openMinor: fromDecimal(total, currency),
    issuedOn: "2026-01-01",
    dueOn: "2026-02-01",
  }));
  fake.customers.set("C-1", { name: "Northgate", email: "ap@northgate.test", invoices });
  const ten = Array.from({ length: 10 }, (_, index) => ({
    ...invoices[0],
    id: `B-${index}`,
    number: `B-${index}`,
  }));
  fake.customers.set("C-3", { name: "Cascade", email: null, invoices: ten as typeof invoices });
  fake.customers.set("C-2", { name: "Freshwater", email: null, invoices: [] });
  return fake;
}
