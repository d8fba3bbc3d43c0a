import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { InvoiceList } from "@clarity/bff/contract";
import { addEmbedKey, revokeEmbedKey } from "@clarity/server";
import { accessRoutes } from "@clarity/server/operate";
import { type TestServer, type TestTenant, testServer } from "@clarity/server/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRig, json, type Rig, type Visitor } from "../testing/rig.ts";

/** Edge and server in one process over real PostgreSQL; ERP and provider in memory. */
let line: TestServer;
let rig: Rig;
let acme: TestTenant;
let globex: TestTenant;

beforeAll(async () => {
  const secret = createSecretKey(randomBytes(32));
  line = await testServer({ edgeKey: { alg: "HS256", key: secret } });
  [acme, globex] = [await line.createTenant("acme"), await line.createTenant("globex")];
  rig = await createRig({ upstream: line.server.fetch, internalKey: { alg: "HS256", key: secret } });
});
afterAll(async () => {
  await rig.close();
  await line.close();
});

const enter = async (tenant: TestTenant, claims = {}): Promise<Visitor> =>
  rig.enter(`${tenant.open.tenant.slug}.localhost`, await tenant.token(claims));

const order = (invoiceId: string, more = {}) => ({
  id: randomUUID(),
  currency: "USD",
  lines: [{ invoiceId, amountMinor: "12500" }],
  method: { type: "card", token: "tok_success" },
  shown: { surchargeMinor: "0", totalMinor: "12500" },
  ...more,
});

const owed = async (visitor: Visitor) => InvoiceList.parse(await (await visitor.call("/v1/invoices")).json());

/** What differs between two answers that must not be told apart. */
const indistinct = async (answer: Response) => {
  const headers = Object.fromEntries(answer.headers);
  const requestId = answer.headers.get("x-request-id") ?? "";
  delete headers["x-request-id"];
  return { status: answer.status, headers, body: (await answer.text()).replaceAll(requestId, "…") };
};

test("a customer enters, sees what is owed, pays, and owes it no longer", async () => {
  const visitor = await enter(globex, { sub: "C-2" });
  const before = await owed(visitor);
  expect(before.invoices).toMatchObject([{ id: "inv-globex-2", payableMinor: "12500" }]);
  expect(before.freshness).toMatchObject({ state: "current", ageMs: expect.any(Number) });
  const paid = await visitor.call("/v1/payments", json(order("inv-globex-2")));
  expect(paid.status).toBe(201);
  expect(await paid.json()).toMatchObject({ state: "captured", totalMinor: "12500" });
  const after = await owed(visitor);
  expect(after.invoices).toEqual([]);
  expect([...globex.provider.charges.values()].map(({ captures }) => captures)).toEqual([1]);
});

test("a token of one tenant on another's host is 403, and nobody's database is asked", async () => {
  const visitor = await enter(acme);
  await rig.call("globex.localhost", "/v1/invoices");
  line.opened.length = 0;
  for (const [path, init] of [
    ["/v1/invoices", {}],
    ["/v1/payments", json(order("inv-globex-1"))],
    [`/v1/payments/${randomUUID()}`, {}],
    [`/v1/payments/${randomUUID()}/resume`, { method: "POST" }],
  ] as const) {
    const answer = await visitor.call(path, { ...init, host: "globex.localhost" });
    expect(await answer.json()).toMatchObject({ code: "tenant_mismatch", status: 403 });
  }
  expect(line.opened).toEqual([]);
});

test("another tenant's, another customer's and nobody's payment are the same 404, byte for byte", async () => {
  const [mine, other, foreign] = [
    await enter(acme),
    await enter(acme, { sub: "C-2" }),
    await enter(globex, { sub: "C-1" }),
  ];
  const made = order("inv-acme-2");
  expect((await other.call("/v1/payments", json(made))).status).toBe(201);
  const elsewhere = order("inv-globex-1");
  expect((await foreign.call("/v1/payments", json(elsewhere))).status).toBe(201);

  for (const suffix of ["", "/resume"]) {
    const init = suffix ? { method: "POST" } : {};
    const ask = async (id: string) => indistinct(await mine.call(`/v1/payments/${id}${suffix}`, init));
    const nobodys = await ask(randomUUID());
    expect(nobodys.status).toBe(404);
    expect(await ask(made.id)).toEqual(nobodys);
    expect(await ask(elsewhere.id)).toEqual(nobodys);
  }
  // The portal's are asked in portal-access.test.ts.
  const listed = Object.entries(accessRoutes).filter(
    ([route, { foreignIds }]) => foreignIds !== undefined && !route.includes(" /portal/"),
  );
  expect(listed.map(([route, { foreignIds }]) => `${route} ${foreignIds}`).sort()).toEqual([
    "GET /v1/payments/{id} not_found",
    "POST /v1/payments not_found",
    "POST /v1/payments/{id}/resume not_found",
  ]);
  const pay = async (invoiceId: string) =>
    indistinct(await mine.call("/v1/payments", json(order(invoiceId))));
  const nobodys = await pay("inv-nowhere");
  expect(nobodys.status).toBe(404);
  expect(await pay("inv-acme-2")).toEqual(nobodys);
  expect(await pay("inv-globex-1")).toEqual(nobodys);
});

test("revoking an embed key ends the sessions it vouched for, and nobody else's", async () => {
  const ctx = acme.open;
  const leaked = await addEmbedKey({ ctx, input: { algorithm: "HS256" } });
  const token = await acme.token({ iss: leaked.id }, leaked.secret ?? "");
  const [thief, payer, neighbour] = [
    await rig.enter("acme.localhost", token),
    await enter(acme),
    await enter(globex),
  ];
  const made = order("inv-nowhere");
  expect((await thief.call("/v1/invoices")).status).toBe(200);
  await revokeEmbedKey({ ctx, input: { id: leaked.id } });
  await expect
    .poll(async () => (await thief.call("/v1/invoices")).status, { timeout: 5_000, interval: 100 })
    .toBe(401);
  for (const [path, init] of [
    ["/v1/invoices", {}],
    ["/v1/payments", json(made)],
    [`/v1/payments/${made.id}`, {}],
    [`/v1/payments/${made.id}/resume`, { method: "POST" }],
  ] as const) {
    const answer = await thief.call(path, init);
    expect(await answer.json()).toMatchObject({ code: "token_invalid", status: 401 });
  }
  expect((await payer.call("/v1/invoices")).status).toBe(200);
  expect((await neighbour.call("/v1/invoices")).status).toBe(200);
  const again = await rig.call("acme.localhost", "/v1/session", json({ token, locales: [] }));
  expect(again.status).not.toBe(200);
});

test("a session limited to invoices sees and pays those only", async () => {
  const visitor = await enter(acme, { invoices: ["inv-none"] });
  expect((await owed(visitor)).invoices).toEqual([]);
  const answer = await visitor.call("/v1/payments", json(order("inv-acme-1")));
  expect(answer.status).toBe(404);
});

test("an embed token is good for one session, also when ten come at once", async () => {
  const token = await acme.token();
  const tries = await Promise.allSettled(
    Array.from({ length: 10 }, () => rig.enter("acme.localhost", token)),
  );
  expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const refusals = tries.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
  expect(refusals.every((reason) => reason.includes("token_replayed"))).toBe(true);
});

test("an embed token whose answer was lost opens the session again for the key that proved itself with it", async () => {
  const token = await acme.token();
  const first = await rig.enter("acme.localhost", token);
  const again = await rig.enter("acme.localhost", token, first.browser);
  expect((await again.call("/v1/invoices")).status).toBe(200);
  await expect(rig.enter("acme.localhost", token)).rejects.toThrow("token_replayed");
});

test("an ERP that is down costs no token: the same one opens a session when it is back", async () => {
  const token = await acme.token({ sub: "C-9" });
  acme.erp.customers.set("C-9", { name: "Late", email: null, invoices: [] });
  acme.erp.fail("unavailable", "read");
  await expect(rig.enter("acme.localhost", token)).rejects.toThrow("erp_unavailable");
  await expect(rig.enter("acme.localhost", token)).resolves.toBeDefined();
});

test("while the ERP is down a mirror that is fresh enough stands in", async () => {
  await enter(acme);
  acme.erp.fail("unavailable", "read");
  await expect(enter(acme)).resolves.toBeDefined();
});

test("what the ERP does not know is a customer not found", async () => {
  await expect(enter(acme, { sub: "C-404" })).rejects.toThrow("not_found");
});

test("the theme of the session is served as an immutable style sheet", async () => {
  const token = await acme.token();
  const browser = await rig.enter("acme.localhost", token);
  expect(browser.session.theme.css).not.toBe("");
  const answer = await rig.call("acme.localhost", `/theme/${browser.session.theme.hash}.css`);
  expect(await answer.text()).toBe(browser.session.theme.css);
  expect(answer.headers.get("cache-control")).toContain("immutable");
  expect((await rig.call("acme.localhost", "/theme/00000000000000.css")).status).toBe(404);
});
