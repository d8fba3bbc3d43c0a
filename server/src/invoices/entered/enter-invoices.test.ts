import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, type TestTenant } from "../../payments/testing/world.ts";
import { enterInvoices } from "./enter-invoices.ts";
import type { EnteredInvoice } from "./entered-invoice.ts";

let world: Awaited<ReturnType<typeof createWorld>>;
let tenant: TestTenant;
beforeAll(async () => {
  world = await createWorld();
  tenant = world.tenant({ erp: false });
});
afterAll(() => world.close());

const entry = (id: string, totalMinor: bigint, more: Partial<EnteredInvoice> = {}): EnteredInvoice => ({
  ...{ row: 1, id, number: id, currency: "USD", totalMinor },
  ...{ issuedOn: "2026-01-31", dueOn: "2026-02-28" },
  customer: { id: "C-1", name: null, email: null },
  ...more,
});
const enter = (invoices: EnteredInvoice[], apply = true, of = tenant) =>
  enterInvoices({ ctx: of.ctx, input: { invoices, apply } });
async function verdicts(...call: Parameters<typeof enter>) {
  const entered = await enter(...call);
  if (entered.kind === "refused") return [entered.code];
  return entered.kind === "faults"
    ? entered.faults.map(({ code, values }) => `${code} ${values.least ?? values.value}`)
    : entered.rows.map(({ verdict }) => verdict);
}
/** As a capture of a tenant without an ERP does. */
const pay = (id: string, amount: bigint, of = tenant) =>
  world.admin`update pay.invoices set open_minor = open_minor - ${amount} where tenant_id = ${of.id} and id = ${id}`;
const hold = (id: string, amount: bigint, of = tenant) =>
  world.admin`update pay.invoices set held_minor = held_minor + ${amount} where tenant_id = ${of.id} and id = ${id}`;
const newId = () => `E-${randomUUID().slice(0, 8)}`;

test("a first entry owes its total, the same again changes nothing, and what was paid stays paid", async () => {
  const id = newId();
  expect(await verdicts([entry(id, 1000n)])).toEqual(["new"]);
  expect(await tenant.balance(id)).toEqual([1000n, 0n, 0n]);
  await pay(id, 400n);
  expect(await verdicts([entry(id, 1000n)])).toEqual(["same"]);
  expect(await tenant.balance(id)).toEqual([600n, 0n, 0n]);
  expect(await verdicts([entry(id, 1100n)])).toEqual(["changed"]);
  expect(await tenant.balance(id)).toEqual([700n, 0n, 0n]);
});

test("less than what is paid or being paid is refused with the least there can be, and exactly that is not", async () => {
  const id = newId();
  await enter([entry(id, 1000n)]);
  await pay(id, 400n);
  await hold(id, 250n);
  expect(await verdicts([entry(id, 649n)])).toEqual(["below_paid 6.50"]);
  expect(await tenant.balance(id)).toEqual([600n, 250n, 0n]);
  expect(await verdicts([entry(id, 650n)])).toEqual(["changed"]);
  expect(await tenant.balance(id)).toEqual([250n, 250n, 0n]);
});

test("one bad row, and nothing of any other is written: neither invoices nor customers nor the log", async () => {
  const [id, other] = [newId(), newId()];
  await enter([entry(id, 1000n)]);
  const before = await tenant.audit();
  const customer = { id: newId(), name: "New", email: null };
  const wrong: [Partial<EnteredInvoice>, string][] = [
    [{ customer: { id: "C-2", name: null, email: null } }, "other_customer C-1"],
    [{ currency: "EUR" }, "other_currency USD"],
  ];
  for (const [more, code] of wrong) {
    const rows = [entry(other, 5n, { customer }), entry(id, 1000n, { row: 2, ...more })];
    expect(await verdicts(rows)).toEqual([code]);
  }
  expect(await verdicts([entry(other, 5n), entry(other, 6n, { row: 2 })])).toEqual([`duplicate ${other}`]);
  expect(await tenant.balance(other)).toEqual([undefined, undefined, undefined]);
  expect(await world.admin`select from pay.customers where id = ${customer.id}`).toHaveLength(0);
  expect(await tenant.audit()).toEqual(before);
});

test("a preview says the same and writes nothing", async () => {
  const id = newId();
  expect(await verdicts([entry(id, 5n)], false)).toEqual(["new"]);
  expect(await tenant.balance(id)).toEqual([undefined, undefined, undefined]);
});

test("where there is an ERP its records are not entered by hand, though it was connected this instant", async () => {
  expect(await verdicts([entry(newId(), 5n)], true, world.tenant())).toEqual(["erp_owns_records"]);
  const of = world.tenant({ erp: false });
  await world.admin`insert into pay.settings (tenant_id, key, value) values (${of.id}, 'connector', '{"id": "netsuite"}')`;
  expect(await verdicts([entry("X", 5n)], true, of)).toEqual(["erp_owns_records"]);
  expect(await of.balance("X")).toEqual([undefined, undefined, undefined]);
});

test("a customer's name and address come in, stay where nothing is said, and the log says who entered what", async () => {
  const of = world.tenant({ erp: false });
  const customer = (name: string | null, email: string | null) => ({ customer: { id: "K", name, email } });
  await enter([entry("A", 5n, customer("Wayne", "ap@wayne.test"))], true, of);
  await enter([entry("B", 5n, customer(null, null))], true, of);
  const known = () => world.admin`select name, email from pay.customers where tenant_id = ${of.id}`;
  expect(await known()).toEqual([{ name: "Wayne", email: "ap@wayne.test" }]);
  await enter([entry("B", 7n, customer("Wayne Inc.", null))], true, of);
  expect(await known()).toEqual([{ name: "Wayne Inc.", email: "ap@wayne.test" }]);
  await enter(
    [entry("B", 7n)].map((one) => ({ ...one, ...customer(null, null) })),
    true,
    of,
  );
  const log =
    await world.admin`select actor, subject, detail from pay.audit_log where tenant_id = ${of.id} order by id`;
  expect(log.map(({ subject, detail }) => [subject, detail.new, detail.changed, detail.customers])).toEqual([
    ["invoice:A", 1, 0, 1],
    ["invoice:B", 1, 0, 0],
    ["invoice:B", 0, 1, 1],
  ]);
  expect(log[2]?.detail.invoices).toEqual([{ id: "B", totalMinor: "7", wasMinor: "5" }]);
});

test("two who enter the same file at once enter it once", async () => {
  const of = world.tenant({ erp: false });
  const file = Array.from({ length: 50 }, (_, n) => entry(`F-${n}`, BigInt(n), { row: n + 2 }));
  const both = await Promise.all([
    enter(file, true, of),
    enter(file.toReversed(), true, of),
    enter(file, true, of),
  ]);
  expect(both.map(({ kind }) => kind)).toEqual(["entered", "entered", "entered"]);
  const [sum] = await world.admin`
    select count(*)::int as n, sum(open_minor)::int as open from pay.invoices where tenant_id = ${of.id}`;
  expect(sum).toEqual({ n: 50, open: 1225 });
});

test("whatever is entered and paid in whatever order, open is total less paid, never below what is held", async () => {
  const of = world.tenant({ erp: false });
  const step = fc.oneof(
    fc.record({ kind: fc.constant("enter" as const), amount: fc.bigInt({ min: 0n, max: 40n }) }),
    fc.record({
      kind: fc.constantFrom("hold", "capture", "release"),
      amount: fc.bigInt({ min: 1n, max: 15n }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const id = newId();
      let [total, paid, held] = [-1n, 0n, 0n];
      for (const { kind, amount } of steps) {
        if (kind === "enter") {
          const { kind: answer } = await enter([entry(id, amount)], true, of);
          const fits = amount >= paid + held;
          expect(answer).toBe(fits ? "entered" : "faults");
          if (fits) total = amount;
        } else if (kind === "hold" && total - paid - held >= amount) {
          await hold(id, amount, of);
          held += amount;
        } else if (kind === "capture" && held >= amount) {
          await Promise.all([pay(id, amount, of), hold(id, -amount, of)]);
          [held, paid] = [held - amount, paid + amount];
        } else if (kind === "release" && held >= amount) {
          await hold(id, -amount, of);
          held -= amount;
        }
        if (total >= 0n) expect(await of.balance(id)).toEqual([total - paid, held, 0n]);
      }
    }),
    { numRuns: 40 },
  );
});
