import { createSecretKey, randomBytes, randomUUID } from "node:crypto";
import { startServerTracing, type TestServer, type TestTenant, testServer } from "@clarity/server/testing";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Collector, startCollector } from "../testing/collector.ts";
import { createRig, json, type Rig, type Visitor } from "../testing/rig.ts";
import { httpUpstream } from "../upstream/http-upstream.ts";

/**
 * Edge and server over HTTP, at trace level, their traces collected. A customer whose every detail is a canary pays,
 * is declined, and meets each kind of failure; then what was logged and collected is searched.
 */
const person = {
  name: "Ada Canary-Lovelace",
  email: "ada.canary@lovelace.example",
  street: "12 Canary Wharf",
  card: "4000056655665556",
  cardInGroups: "4000 0566 5566 5556",
  token: "tok_canary_of_a_card",
};
let collector: Collector;
let line: TestServer;
let http: ReturnType<typeof serve>;
let rig: Rig;
let acme: TestTenant;
let stop: (() => Promise<void>)[] = [];
const serverLog: string[] = [];
/** Tokens and proofs that were sent. */
const sent = new Set<string>();

beforeAll(async () => {
  collector = await startCollector();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url);
  stop = [
    await startServerTracing({ OTEL_SERVICE_NAME: "server" }),
    (await import("../telemetry/start-tracing.ts")).startTracing({ OTEL_SERVICE_NAME: "edge" }),
  ];
  const secret = createSecretKey(randomBytes(32));
  const edgeKey = { alg: "HS256", key: secret } as const;
  line = await testServer({ edgeKey, logTo: { write: (text: string) => void serverLog.push(text) } });
  acme = await line.createTenant("acme");
  const listening = new Promise<number>((resolve) => {
    http = serve({ fetch: line.server.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => resolve(port));
  });
  rig = await createRig({
    upstream: httpUpstream(`http://127.0.0.1:${await listening}`),
    internalKey: edgeKey,
  });
  await livePayments();
  for (const end of stop) await end();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rig.close();
  http.close();
  await line.close();
  collector.close();
});

const host = "acme.localhost";
const order = (more: object = {}) =>
  json({
    id: randomUUID(),
    currency: "USD",
    lines: [{ invoiceId: "inv-acme-1", amountMinor: "12500" }],
    method: { type: "card", token: "tok_success" },
    shown: { surchargeMinor: "0", totalMinor: "12500" },
    ...more,
  });

async function livePayments(): Promise<void> {
  const customer = acme.erp.customers.get("C-1");
  acme.erp.customers.set("C-1", { invoices: [], ...customer, name: person.name, email: person.email });
  const embedToken = await acme.token();
  sent.add(embedToken);
  const visitor = await rig.enter(host, embedToken);
  sent.add(visitor.accessToken);
  await expectStatus(401, enterAgain(embedToken));
  await expectStatus(
    201,
    visitor.call("/v1/payments", order({ method: { type: "card", token: "tok_declined" } })),
  );
  await failures(visitor);
  const paid = await visitor.call("/v1/payments", order());
  expect(await paid.json()).toMatchObject({ state: "captured" });
}

const enterAgain = (token: string) =>
  rig.enter(host, token).then(
    () => new Response(),
    () => new Response(null, { status: 401 }),
  );
const expectStatus = async (status: number, answer: Promise<Response>) =>
  expect((await answer).status).toBe(status);

/** Peers that quote what they were told, as real ones do, and visitors who send what nobody asked for. */
async function failures(visitor: Visitor): Promise<void> {
  const quoting = () => {
    throw new Error(
      `cannot read {"email":"${person.email}","card":"${person.card}"}: Bearer ${visitor.accessToken}`,
    );
  };
  const inspect = vi.spyOn(acme.provider, "inspect").mockImplementation(quoting);
  await visitor.call("/v1/payments", order());
  inspect.mockRestore();
  const openInvoices = vi.spyOn(acme.erp.connector, "openInvoices").mockImplementation(quoting);
  await enterAgain(await acme.token());
  openInvoices.mockRestore();
  for (const bad of [
    { card: person.card },
    { method: { type: "card", token: person.token, number: person.cardInGroups } },
    { payer: { name: person.name, street: person.street, email: person.email } },
  ]) {
    await visitor.call("/v1/payments", order(bad));
  }
  await visitor.call("/v1/payments", order({ method: { type: "card", token: person.token } }));
  await visitor.call(`/v1/payments/${person.email}`);
  await visitor.call(`/v1/invoices?email=${person.email}`);
  await visitor.call("/v1/invoices", { token: `${visitor.accessToken}x` });
  const forged = { email: person.email, card: person.card };
  await rig.call(host, "/webhooks/sandbox", { ...json(forged), headers: { "webhook-id": person.token } });
}

const searched = (text: string) => {
  const canaries = [
    ...Object.values(person),
    person.email.replace("@", "%40"),
    "Canary",
    "127.0.0.1",
    ...sent,
  ];
  return canaries.filter((canary) => text.includes(canary));
};

test("nothing of a person is in any log line of edge or server, at trace level, failures included", () => {
  expect(rig.log.join("")).toContain("/v1/payments");
  // The failures did reach the log: what they quoted is put out, what happened is not.
  expect(serverLog.join("")).toContain("cannot read");
  expect(serverLog.join("")).toContain("[e-mail]");
  for (const text of [...rig.log, ...serverLog]) expect(searched(text), text).toEqual([]);
});

test("one payment is one trace, from the edge over the server to PostgreSQL, provider and tenant", () => {
  const root = collector.spans.findLast(({ name }) => name === "POST /v1/payments");
  const trace = collector.spans.filter(({ traceId }) => traceId === root?.traceId);
  const named = (pattern: RegExp) => trace.filter(({ name }) => pattern.test(name));
  expect(root).toMatchObject({ service: "edge", parentId: "" });
  const [forward] = named(/^POST upstream$/);
  expect(forward).toMatchObject({ service: "edge", parentId: root?.spanId });
  const [served] = named(/^POST \/internal\/v1\/payments$/);
  expect(served).toMatchObject({ service: "server", parentId: forward?.spanId });
  const tenant = { "tenant.slug": "acme" };
  expect(served?.attributes).toMatchObject({ ...tenant, "tenant.id": acme.open.tenant.id });
  const ids = new Set(trace.map(({ spanId }) => spanId));
  expect(named(/^provider (authorize|capture)$/)).toHaveLength(2);
  for (const span of named(/^provider /)) expect(span.attributes).toMatchObject(tenant);
  const written = trace.filter(({ attributes }) => attributes["db.system.name"] === "postgresql");
  expect(written.length).toBeGreaterThanOrEqual(3);
  for (const span of written) expect(span.attributes).toMatchObject(tenant);
  for (const { parentId } of trace) if (parentId) expect(ids).toContain(parentId);
});

test("a session's trace holds the ERP's answer", () => {
  const erp = collector.spans.find(({ name }) => name === "erp openInvoices");
  expect(erp?.attributes).toMatchObject({ "tenant.slug": "acme", "erp.outcome": "read" });
});

test("nothing of a person is in any span", () => {
  expect(collector.spans.length).toBeGreaterThan(20);
  for (const span of collector.spans) {
    const text = JSON.stringify(span);
    expect(searched(text), text).toEqual([]);
    expect(text).not.toMatch(/C-1\b|inv-acme|12500/);
  }
});
