import { createSecretKey, randomBytes } from "node:crypto";
import type { EntryAnswer, PortalCustomer, PortalInvoice, PortalInvoices } from "@clarity/server/contract";
import { connect, type TestServer, testServer } from "@clarity/server/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { digestOf } from "../portal/cookie.ts";
import { codeOf } from "../testing/code-of.ts";
import { type Person, person } from "../testing/person.ts";
import { createRig, type Rig } from "../testing/rig.ts";

let line: TestServer;
let rig: Rig;
const people: Record<string, Person> = {};

/** acme has an ERP, globex has none. */
beforeAll(async () => {
  const key = createSecretKey(randomBytes(32));
  line = await testServer({ edgeKey: { alg: "HS256", key } });
  const limits = { session: 1e9, address: 1e9 };
  rig = await createRig({ upstream: line.server.fetch, internalKey: { alg: "HS256", key }, limits });
  for (const slug of ["acme", "globex"]) {
    const { open } = await line.createTenant(slug);
    if (slug === "globex") await open.settings.unset("connector");
    const url = new URL(line.platform.address.adminUrl);
    url.pathname = `/${open.record.database.name}`;
    const sql = connect({ url: url.href, max: 1 });
    const cookie = randomBytes(32).toString("base64url");
    await sql`
      with person as (
        insert into pay.users (tenant_id, email, role, joined_at)
        values (${open.tenant.id}, ${`finance@${slug}.test`}, 'finance', now()) returning tenant_id, id
      )
      insert into pay.portal_sessions (tenant_id, id, user_id, digest, device, expires_at)
      select tenant_id, gen_random_uuid(), id, ${Buffer.from(digestOf(cookie), "base64url")}, '',
        now() + interval '1 hour' from person`;
    people[slug] = person(rig, `${slug}.localhost`, cookie);
    await sql.end();
  }
});
afterAll(async () => {
  await rig.close();
  await line.close();
});

const call = (slug: string, path: string, body?: object) =>
  (people[slug] ?? expect.fail(slug)).call(`/portal/v1${path}`, {
    method: body ? "POST" : "GET",
    host: `${slug}.localhost`,
    ...(body && { body: JSON.stringify(body) }),
  });
async function read<T>(path: string, body?: object): Promise<T> {
  const answer = await call("globex", path, body);
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}
const csv = (rows: string) =>
  Buffer.from(`number;customer;name;currency;total;date\n${rows}`).toString("base64");
const file = csv("A/1;K 1;Wayne;USD;1250,50;2026-01-31\nA-2;K 1;;EUR;7;2026-01-31");

test("a file is looked at, entered whole, and the same again; then its invoices and customer are there", async () => {
  const looked = await read<EntryAnswer>("/invoice-import", { file, apply: false });
  expect(looked).toMatchObject({ written: false, new: 2, customers: 1, faultCount: 0 });
  expect((await read<PortalInvoices>("/invoices")).invoices).toEqual([]);
  const entered = await read<EntryAnswer>("/invoice-import", { file, apply: true });
  expect(entered).toMatchObject({ written: true, new: 2 });
  const again = await read<EntryAnswer>("/invoice-import", { file, apply: true });
  expect(again).toMatchObject({ new: 0, changed: 0, same: 2, customers: 0 });
  const listed = await read<PortalInvoices>("/invoices?q=wayne&sort=first");
  expect(listed.enteredHere).toBe(true);
  expect(new Set(listed.invoices.map(({ number }) => number))).toEqual(new Set(["A/1", "A-2"]));
  const invoice = await read<PortalInvoice>(`/invoices/${encodeURIComponent("A/1")}`);
  expect(invoice).toMatchObject({ owedMinor: "125050", customer: { name: "Wayne" }, payments: [] });
  const customer = await read<PortalCustomer>(`/customers/${encodeURIComponent("K 1")}`);
  expect(customer).toMatchObject({ name: "Wayne", openInvoices: 2 });
});

test("an invoice by hand says at the field what is wrong, and then is there", async () => {
  const typed = { number: "H-1", customerId: "K 2", currency: "usd", total: "1,000", issuedOn: "31.1.2026" };
  const wrong = await read<EntryAnswer>("/invoices", typed);
  expect(wrong.written).toBe(false);
  expect(wrong.faults).toMatchObject([
    { field: "total", code: "ambiguous_amount", values: { whole: "1000" } },
  ]);
  expect(await read<EntryAnswer>("/invoices", { ...typed, total: "1000" })).toMatchObject({ written: true });
});

test("a file of 10,000 rows and one of 5 MB come through, and are entered in time", async () => {
  const rows = Array.from({ length: 10_000 }, (_, n) => `L-${n};K-${n % 500};;USD;${n};2026-01-31`);
  const large = csv(rows.join("\n"));
  expect(await read<EntryAnswer>("/invoice-import", { file: large, apply: true })).toMatchObject({
    new: 10_000,
    customers: 500,
  });
  expect(await read<EntryAnswer>("/invoice-import", { file: large, apply: true })).toMatchObject({
    same: 10_000,
  });
  const five = Buffer.alloc(5 * 1024 * 1024 + 1, "x").toString("base64");
  const answer = await read<EntryAnswer>("/invoice-import", { file: five, apply: false });
  expect(answer.unreadable).toEqual({ code: "too_large", value: "5" });
}, 60_000);

test("where there is an ERP nothing is entered here, and another tenant's invoices are nobody's", async () => {
  expect(await codeOf(await call("acme", "/invoice-import", { file, apply: true }))).toBe("erp_owns_records");
  expect(await codeOf(await call("acme", "/invoices", {}))).toBe("erp_owns_records");
  expect(await codeOf(await call("acme", `/invoices/${encodeURIComponent("A/1")}`))).toBe("not_found");
  expect(await codeOf(await call("acme", `/customers/${encodeURIComponent("K 1")}`))).toBe("not_found");
});
