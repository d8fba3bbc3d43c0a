import { afterAll, beforeAll, expect, test } from "vitest";
import { CustomerQuery, InvoiceQuery } from "../../../contract/index.ts";
import { createWorld, type TestTenant } from "../testing/world.ts";
import { customerPage, listCustomers } from "./customers.ts";
import { invoicePage } from "./invoice-page.ts";
import { listInvoiceBook } from "./list-invoice-book.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
let tenant: TestTenant;
beforeAll(async () => {
  world = await createWorld();
  tenant = world.tenant({ erp: false });
  for (let n = 0; n < 25; n++) {
    const [customer, number] = [`C-${n % 5}`, `N-${Math.floor(n / 2) + 100}`];
    const [open, due] = [n % 3 === 0 ? 0 : 100 + n, n % 2 === 0 ? "2000-01-01" : "2999-01-01"];
    await world.admin`
      insert into pay.customers (tenant_id, id, name, synced_at)
      values (${tenant.id}, ${customer}, ${n % 5 < 2 ? "Alike" : `Wayne ${n % 5}`}, now()) on conflict do nothing`;
    await world.admin`
      insert into pay.invoices (tenant_id, id, customer_id, number, currency, total_minor, open_minor, issued_on, due_on, synced_at)
      values (${tenant.id}, ${`i/${n}`}, ${customer}, ${number}, ${n % 4 === 0 ? "EUR" : "USD"}, 200, ${open}, '2000-01-01', ${due}, now())`;
  }
});
afterAll(() => world.close());

async function invoices(query: Record<string, string>, of = tenant) {
  const found: { id: string; number: string; state: string; currency: string }[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const input = InvoiceQuery.parse({ limit: "4", ...query, ...(cursor && { cursor }) });
    const listed = await listInvoiceBook({ ctx: of.ctx, input });
    if (listed.kind === "refused") return expect.fail(listed.code);
    found.push(...listed.page.invoices);
    cursor = listed.page.next;
  }
  return found;
}
async function customers(query: Record<string, string>, of = tenant) {
  const found: string[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const input = CustomerQuery.parse({ limit: "2", ...query, ...(cursor && { cursor }) });
    const listed = await listCustomers({ ctx: of.ctx, input });
    if (listed.kind === "refused") return expect.fail(listed.code);
    found.push(...listed.page.customers.map(({ id }) => id));
    cursor = listed.page.next;
  }
  return found;
}

test.each(["first", "last"])("page by page, %s first, each invoice is there once, in order", async (sort) => {
  const listed = await invoices({ sort });
  expect(new Set(listed.map(({ id }) => id)).size).toBe(25);
  expect(listed).toHaveLength(25);
  const numbers = listed.map(({ number }) => number);
  expect(numbers).toEqual(sort === "first" ? numbers.toSorted() : numbers.toSorted().reverse());
  const searched = await invoices({ sort, q: "C-1" });
  expect(searched.map(({ id }) => id)).toEqual(
    listed.map(({ id }) => id).filter((id) => Number(id.slice(2)) % 5 === 1),
  );
});

test("state and currency narrow the list, and a search finds by number, id, customer's id and name", async () => {
  const every = await invoices({});
  for (const state of ["open", "overdue", "paid"]) {
    const fit = every.filter((one) => one.state === state).map(({ id }) => id);
    expect(fit.length).toBeGreaterThan(0);
    expect((await invoices({ state })).map(({ id }) => id)).toEqual(fit);
  }
  expect((await invoices({ currency: "EUR" })).every(({ currency }) => currency === "EUR")).toBe(true);
  expect((await invoices({ q: "N-100" })).map(({ id }) => id).sort()).toEqual(["i/0", "i/1"]);
  expect((await invoices({ q: "i/7" })).map(({ id }) => id)).toEqual(["i/7"]);
  expect(await invoices({ q: "wayne" })).toHaveLength(15);
  expect(await invoices({ q: "%" })).toEqual([]);
  expect(await invoices({}, world.tenant())).toEqual([]);
});

test.each([
  ["first", ["C-0", "C-1", "C-2", "C-3", "C-4"]],
  ["last", ["C-4", "C-3", "C-2", "C-1", "C-0"]],
])("customers are there once, %s first, two of one name too", async (sort, ids) => {
  expect(await customers({ sort })).toEqual(ids);
  expect(await customers({ sort }, world.tenant())).toEqual([]);
});

test("a customer has what it owes by currency, an invoice its payments; nobody has another tenant's", async () => {
  const customer = await customerPage({ ctx: tenant.ctx, input: { id: "C-1" } });
  expect(customer).toMatchObject({ openInvoices: 3, owed: [{ currency: "EUR" }, { currency: "USD" }] });
  expect(customer?.invoices.map(({ state }) => state).at(-1)).toBe("paid");
  await world.admin`
    insert into pay.payments (tenant_id, id, customer_id, fingerprint, state, currency, amount_minor, surcharge_minor,
      total_minor, lines)
    values (${tenant.id}, gen_random_uuid(), 'C-1', '\\x00', 'captured', 'USD', 5, 0, 5,
      '[{"invoiceId": "i/1", "invoiceNumber": "N-100", "amountMinor": "5"}]')`;
  const page = await invoicePage({ ctx: tenant.ctx, input: { id: "i/1" } });
  expect(page).toMatchObject({ number: "N-100", payments: [{ totalMinor: "5" }] });
  expect((await invoicePage({ ctx: tenant.ctx, input: { id: "i/6" } }))?.payments).toEqual([]);
  const foreign = world.tenant().ctx;
  expect(await invoicePage({ ctx: foreign, input: { id: "i/1" } })).toBeNull();
  expect(await customerPage({ ctx: foreign, input: { id: "C-1" } })).toBeNull();
});

test("a cursor that is none is refused", async () => {
  for (const cursor of ["x", Buffer.from('["\\u0000","a"]').toString("base64url"), "W10"]) {
    const asked = { ctx: tenant.ctx, input: InvoiceQuery.parse({ cursor }) };
    expect(await listInvoiceBook(asked)).toMatchObject({ code: "validation_failed" });
    expect(await listCustomers({ ctx: tenant.ctx, input: CustomerQuery.parse({ cursor }) })).toMatchObject({
      code: "validation_failed",
    });
  }
});
