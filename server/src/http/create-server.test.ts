import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HostEntry, Problem } from "../../contract/index.ts";
import { createContextFactory } from "../context/context-factory.ts";
import { suspendTenant } from "../operations/provisioning/change-status.ts";
import { TenantUnavailable } from "../tenant/errors.ts";
import { quotas } from "../tenant/quotas.ts";
import { createServer } from "./create-server.ts";
import { type TestServer, type TestTenant, testServer } from "./testing/test-server.ts";

const secret = createSecretKey(randomBytes(32));
const edgeKey = { alg: "HS256", key: secret } as const;
let line: TestServer;
let acme: TestTenant;
beforeAll(async () => {
  line = await testServer({ edgeKey });
  acme = await line.createTenant("acme");
});
afterAll(() => line.close());

async function authorization(claims: Record<string, unknown>): Promise<string> {
  const none: Record<string, unknown> = {
    tenant: acme.open.tenant.id,
    sub: null,
    inv: null,
    locale: null,
    origin: null,
    rid: "request-1",
  };
  const token = await new SignJWT({ ...none, aud: "shared", ...claims })
    .setProtectedHeader({ alg: "HS256", typ: "internal+jwt" })
    .setIssuedAt()
    .setExpirationTime("30s")
    .sign(secret);
  return `Bearer ${token}`;
}

async function ask(
  path: string,
  claims: Record<string, unknown>,
  init: RequestInit = {},
  server = line.server,
) {
  const headers = { authorization: await authorization(claims), "content-type": "application/json" };
  return server.fetch(new Request(`http://server${path}`, { ...init, headers }));
}
const codeOf = async (answer: Response) => Problem.parse(await answer.json()).code;
const payer = { scopes: ["pay"], sub: "C-1" };

test("a host is told with its embedding pages, its frames and no secret", async () => {
  const answer = await ask("/internal/v1/hosts/acme.localhost", { scopes: ["edge"], tenant: null });
  const { tenant } = acme.open;
  expect(HostEntry.parse(await answer.json())).toEqual({
    tenant,
    status: "active",
    upstream: null,
    embedOrigins: ["https://erp.acme.test"],
    frameOrigins: ["https://provider.test"],
    methods: [{ type: "card", frameUrl: "https://provider.test/card?key=acme" }],
    requestsPerMinute: 12_000,
  });
  expect(await codeOf(await ask("/internal/v1/hosts/nobody.localhost", { scopes: ["edge"] }))).toBe(
    "tenant_unknown",
  );
});

test("a suspended tenant is said to be, and served nothing", async () => {
  const gone = await line.createTenant("gone");
  await suspendTenant({ ctx: line.platform.operator, input: { slug: "gone" } });
  const host = await ask("/internal/v1/hosts/gone.localhost", { scopes: ["edge"] });
  expect(await host.json()).toMatchObject({ status: "suspended", embedOrigins: [] });
  const answer = await ask("/internal/v1/invoices", { ...payer, tenant: gone.open.tenant.id });
  expect(await codeOf(answer)).toBe("tenant_suspended");
});

test("without the edge's token, or with another scope's, nothing answers and the edge is told so", async () => {
  for (const answer of [
    await line.server.fetch(new Request("http://server/internal/v1/invoices")),
    await ask("/internal/v1/invoices", { ...payer, scopes: ["theme:read"] }),
    await ask("/internal/v1/invoices", { ...payer, sub: null }),
    await ask("/internal/v1/invoices", { ...payer, tenant: null }),
    await ask("/internal/v1/invoices", { ...payer, aud: "https://acme.instances.test" }),
  ]) {
    expect(answer.status).toBe(401);
    expect(answer.headers.has("www-authenticate")).toBe(true);
  }
});

test("another instance's tenant is not served, though its id is known", async () => {
  const { registry, tenants } = line.platform.operator;
  const own = createServer({
    registry,
    tenants,
    makeContext: createContextFactory({ log: pino({ level: "silent" }) }),
    edgeKey,
    audience: "https://globex.instances.test",
    log: pino({ level: "silent" }),
  });
  const claims = { ...payer, aud: "https://globex.instances.test" };
  const host = { scopes: ["edge"], tenant: null, aud: claims.aud };
  for (const answer of [
    await ask("/internal/v1/invoices", claims, {}, own),
    await ask("/internal/v1/hosts/acme.localhost", host, {}, own),
  ]) {
    expect(answer.status).toBe(421);
    expect(await answer.json()).toMatchObject({ code: "misdirected", status: 421 });
  }
});

test("of a tenant with an instance of its own the shared servers say where it lives, whatever its schema", async () => {
  const { sql } = line.platform.operator.registry;
  const own = await line.createTenant("own");
  await sql`
    update tenants set upstream = 'https://own.instances.test', schema_version = 0, updated_at = clock_timestamp()
    where slug = 'own'`;
  line.opened.length = 0;
  const host = await ask("/internal/v1/hosts/own.localhost", { scopes: ["edge"], tenant: null });
  const elsewhere = { upstream: "https://own.instances.test", embedOrigins: [], frameOrigins: [] };
  expect(await host.json()).toMatchObject({ status: "active", ...elsewhere });
  expect(line.opened).toEqual([]);
  const answer = await ask("/internal/v1/invoices", { ...payer, tenant: own.open.tenant.id });
  expect(answer.status).toBe(421);
});

test.each([
  ["/internal/v1/session", "session:open", "{", "malformed_request"],
  ["/internal/v1/session", "session:open", "{}", "validation_failed"],
  ["/internal/v1/payments", "pay", "", "malformed_request"],
  ["/internal/v1/payments", "pay", "[]", "validation_failed"],
  ["/internal/v1/payments", "pay", JSON.stringify("x".repeat(200_000)), "body_too_large"],
  ["/internal/v1/payments/no-id/resume", "pay", "{}", "not_found"],
  ["/internal/v1/webhooks/other", "webhook", "x", "not_found"],
  ["/internal/v1/webhooks/fake", "webhook", "x", "proof_invalid"],
])("%s (%s) with %j is %s", async (path, scope, body, code) => {
  expect(await codeOf(await ask(path, { scopes: [scope], sub: "C-1" }, { method: "POST", body }))).toBe(code);
});

test("a tenant whose database is away is 503 at once, and no word of why leaves", async () => {
  const { registry, tenants } = line.platform.operator;
  const away = new TenantUnavailable("postgres://acme:secret@db.internal:5432 refused");
  const server = createServer({
    registry,
    tenants: { ...tenants, open: () => Promise.reject(away) },
    makeContext: createContextFactory({ log: pino({ level: "silent" }) }),
    edgeKey,
    log: pino({ level: "silent" }),
  });
  const answer = await ask("/internal/v1/invoices", payer, {}, server);
  expect(answer.headers.get("retry-after")).toBe("5");
  const text = await answer.text();
  expect(JSON.parse(text)).toMatchObject({ code: "tenant_unavailable", status: 503 });
  expect(text).not.toMatch(/postgres|secret|internal:/);
});

test("one tenant's slow ERP takes no more than its tier's requests at once, and gives them back", async () => {
  const slow = await line.createTenant("slow");
  await line.platform.operator.registry.sql`
    update tenants set tier = 'starter', updated_at = clock_timestamp() where slug = 'slow'`;
  const gate = Promise.withResolvers<void>();
  const { connector } = slow.erp;
  const { openInvoices } = connector;
  connector.openInvoices = async (input) => {
    await gate.promise;
    return openInvoices.call(connector, input);
  };
  const claims = { ...payer, tenant: slow.open.tenant.id };
  const asked = Array.from({ length: quotas.starter.requestsAtOnce + 1 }, () =>
    ask("/internal/v1/invoices", claims),
  );
  // The one too many; the others wait at the gate.
  const refused = await Promise.race(asked);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect({ status: refused.status, code: await codeOf(refused) }).toEqual({
    status: 429,
    code: "rate_limited",
  });
  expect((await ask("/internal/v1/invoices", payer)).status).toBe(200);
  gate.resolve();
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(quotas.starter.requestsAtOnce);
  expect((await ask("/internal/v1/invoices", claims)).status).toBe(200);
});

test("too many declines of a session are 429 with the seconds to wait, for that session alone", async () => {
  const shop = await line.createTenant("shop");
  await shop.open.settings.set("connector", null);
  await shop.open.db.query`
    insert into pay.invoices (tenant_id, id, customer_id, number, currency, total_minor, open_minor, issued_on, due_on, synced_at)
    values (${shop.open.tenant.id}, 'i', 'C-1', 'N', 'USD', 100000, 100000, '2026-01-01', '2026-02-01', now())
    returning tenant_id`;
  const pay = async (sid: string, token: string) => {
    const body = JSON.stringify({
      ...{ id: randomUUID(), currency: "USD", lines: [{ invoiceId: "i", amountMinor: "500" }] },
      ...{ method: { type: "card", token }, shown: { surchargeMinor: "0", totalMinor: "500" } },
    });
    const claims = { ...payer, tenant: shop.open.tenant.id, sid, ip: "203.0.113.7" };
    return ask("/internal/v1/payments", claims, { method: "POST", body });
  };
  const statuses: number[] = [];
  for (let n = 0; n < 7; n++) statuses.push((await pay("s-1", `tok_declined#${n}`)).status);
  expect(statuses).toEqual([201, 201, 201, 201, 201, 201, 429]);
  const refused = await pay("s-1", "tok_success");
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(10);
  expect(Problem.parse(await refused.json())).toMatchObject({ code: "too_many_declines", status: 429 });
  expect((await pay("s-2", "tok_success")).status).toBe(201);
});

test("a tenant without a payment provider opens sessions that offer no method", async () => {
  await acme.open.settings.set("provider", null);
  const body = JSON.stringify({ embedToken: await acme.token(), locales: ["pt", "fr-CA"] });
  const answer = await ask("/internal/v1/session", { scopes: ["session:open"] }, { method: "POST", body });
  expect(await answer.json()).toMatchObject({
    grant: { subject: "C-1", invoices: null },
    view: {
      methods: [],
      locale: "fr",
      seller: { name: "acme Ltd" },
      currencies: { USD: 2 },
      minimumMinor: { USD: "100" },
    },
  });
});
