import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PaymentQuery } from "../../../contract/index.ts";
import { createWorld, type TestTenant } from "../testing/world.ts";
import { listHistory } from "./list-history.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
let tenant: TestTenant;
beforeAll(async () => {
  world = await createWorld();
  tenant = world.tenant();
});
afterAll(() => world.close());

interface Seed {
  customerId?: string;
  state?: string;
  totalMinor?: number;
  createdAt?: string;
  receipt?: string | null;
  currency?: string;
  invoice?: string;
  of?: TestTenant;
}

async function payment(seed: Seed = {}): Promise<string> {
  const id = randomUUID();
  const { customerId = "C-1", state = "captured", totalMinor = 100, currency = "USD" } = seed;
  const { createdAt = "2026-03-01T12:00:00Z", receipt = null, invoice = "INV-1", of = tenant } = seed;
  const lines = world.admin.json([{ invoiceId: "1", invoiceNumber: invoice, amountMinor: `${totalMinor}` }]);
  await world.admin`
    insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor, surcharge_minor,
      total_minor, lines, receipt_number, captured_at, created_at)
    values (${of.id}, ${id}, ${customerId}, '', ${state}, ${currency}, ${totalMinor}, 0, ${totalMinor}, ${lines},
      ${receipt}, ${createdAt}, ${createdAt})`;
  return id;
}

async function page(query: Record<string, string>, of = tenant) {
  const listed = await listHistory({ ctx: of.ctx, input: PaymentQuery.parse(query) });
  return listed.kind === "page" ? listed.page : expect.fail(listed.code);
}
const ids = async (query: Record<string, string>, of = tenant) =>
  (await page(query, of)).payments.map(({ id }) => id);

async function all(query: Record<string, string>, of: TestTenant) {
  const found: { id: string; createdAt: string; totalMinor: string }[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { payments, next } = await page({ ...query, ...(cursor && { cursor }) }, of);
    found.push(...payments);
    cursor = next;
  }
  return found;
}

test.each([
  ["newest", {}],
  ["oldest", {}],
  ["largest", {}],
  ["smallest", {}],
  ["newest", { customer: "C-1" }],
  ["oldest", { customer: "C-1" }],
  ["largest", { customer: "C-1" }],
  ["smallest", { customer: "C-1" }],
] as const)(
  "page by page, %s first (%j), each payment is there once, whatever two have in common",
  async (sort, more) => {
    const of = world.tenant();
    const made: string[] = [];
    for (let n = 0; n < 40; n++) {
      const state = ["captured", "declined", "pending"][n % 3] ?? "";
      // Three at each instant, of which some lie microseconds apart, and four of each amount.
      const createdAt = `2026-03-01T12:00:00.00000${Math.floor(n / 3) % 10}Z`;
      made.push(await payment({ of, state, createdAt, totalMinor: 100 + (n % 10) }));
    }
    const listed = await all({ sort, limit: "7", ...more }, of);
    expect(listed.map(({ id }) => id).sort()).toEqual(made.sort());
    const keys = listed.map(({ createdAt, totalMinor }) =>
      sort === "newest" || sort === "oldest" ? Date.parse(createdAt) : Number(totalMinor),
    );
    const order = keys.toSorted((a, b) => (sort === "newest" || sort === "largest" ? b - a : a - b));
    expect(keys).toEqual(order);
  },
);

test("a search finds by id, receipt, invoice, customer's id and the beginning of its name, and no more", async () => {
  await world.admin`
    insert into pay.customers (tenant_id, id, name, synced_at) values (${tenant.id}, 'C-9', 'Northgate Millworks', now())`;
  await world.admin`
    insert into pay.invoices (tenant_id, id, customer_id, number, currency, total_minor, open_minor, issued_on, due_on, synced_at)
    values (${tenant.id}, 'i-77', 'C-7', 'INV-77', 'USD', 1, 1, '2026-01-01', '2026-01-01', now())`;
  const wanted = await payment({ customerId: "C-9", receipt: "R-501" });
  const invoiced = await payment({ customerId: "C-7", invoice: "INV-77" });
  await payment({ customerId: "C-7", invoice: "INV-78" });
  for (const q of [
    wanted,
    wanted.toUpperCase(),
    "R-501",
    "C-9",
    "North",
    "north",
    "NORTHGATE MILL",
    "Northgate Millworks",
  ]) {
    expect(await ids({ q: q === "NORTHGATE MILL" ? "northgate mill" : q }), q).toEqual([wanted]);
  }
  expect(await ids({ q: "INV-77" })).toEqual([invoiced]);
  for (const q of ["nobody", "%", "_orth", "R-50", "' or 1=1 --", "\\"])
    expect(await ids({ q }), q).toEqual([]);
});

test("state, currency and the seller's days narrow the list, alone and together", async () => {
  const of = world.tenant({ settings: { "seller.timeZone": "America/New_York" } });
  const late = await payment({ of, createdAt: "2026-03-02T03:00:00Z" });
  const next = await payment({ of, createdAt: "2026-03-02T06:00:00Z", state: "declined" });
  const euro = await payment({ of, createdAt: "2026-03-05T00:00:00Z", currency: "EUR" });
  // In New York the first is still of the day before.
  expect(await ids({ from: "2026-03-01", to: "2026-03-01" }, of)).toEqual([late]);
  expect(await ids({ from: "2026-03-02", to: "2026-03-03" }, of)).toEqual([next]);
  expect(await ids({ state: "declined,conflicted" }, of)).toEqual([next]);
  expect(await ids({ currency: "EUR" }, of)).toEqual([euro]);
  expect(await ids({ currency: "EUR", state: "declined" }, of)).toEqual([]);
  expect(await ids({ q: "C-1", state: "captured", from: "2026-03-02" }, of)).toEqual([euro]);
});

test("a cursor that is none is refused, and another tenant's payments are in no list", async () => {
  const listed = await listHistory({ ctx: tenant.ctx, input: PaymentQuery.parse({ cursor: "1' or 1=1" }) });
  expect(listed).toMatchObject({ kind: "refused", code: "validation_failed" });
  const foreign = await payment({ of: world.tenant(), receipt: "R-900" });
  expect(await ids({ q: foreign })).toEqual([]);
  expect(await ids({ q: "R-900" })).toEqual([]);
});
