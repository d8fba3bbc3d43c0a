import { ErrorCode, Problem } from "@clarity/bff/contract";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { codeOf } from "../testing/code-of.ts";
import { createRig, json, port, problem, type Rig, tenants } from "../testing/rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.close());

const host = "acme.localhost";
const id = "0198a000-1111-4000-8000-000000000001";
const order = {
  id,
  currency: "USD",
  lines: [{ invoiceId: "1", amountMinor: "100" }],
  method: { type: "card", token: "crd_canary" },
  shown: { surchargeMinor: "0", totalMinor: "100" },
};
const _forwarded = () => rig.seen.filter(({ path }) => !path.startsWith("/internal/v1/hosts/"));

test("what is forwarded names tenant, customer, language and page, and nothing the browser chose", async () => {
  const visitor = await rig.enter(host);
  await visitor.call("/v1/invoices?customer=C-2", {
    headers: {
      origin: "https://erp.acme.example",
      "x-tenant": tenants.globex,
      "x-request-id": "trace-12345",
    },
  });
  const last = rig.seen.at(-1);
  expect(last).toMatchObject({ method: "GET", path: "/internal/v1/invoices" });
  expect(last?.claims).toMatchObject({
    tenant: tenants.acme,
    sub: "C-1",
    inv: null,
    locale: "en",
    origin: "https://erp.acme.example",
    scopes: ["pay"],
    addr: "127.0.0.1",
    rid: "trace-12345",
    aud: "shared",
  });
  expect([...(last?.headers.keys() ?? [])]).toEqual(["authorization"]);
});

test.each<[boolean, string | undefined, string | null]>([
  [false, "192.0.2.7", "127.0.0.1"],
  [true, "192.0.2.7", "192.0.2.7"],
  [true, "198.51.100.1, 192.0.2.7", "192.0.2.7"],
  [true, "192.0.2.7:51000", "192.0.2.7"],
  [true, "[2001:DB8::7]:443", "2001:db8::7"],
  [true, "::ffff:192.0.2.7", "192.0.2.7"],
  [true, "unknown", "127.0.0.1"],
  [true, undefined, "127.0.0.1"],
])("behind a proxy (%s) that names %s the server hears of %s", async (trustForwarded, named, addr) => {
  await rig.close();
  rig = await createRig({ trustForwarded });
  const headers: Record<string, string> = named === undefined ? {} : { "x-forwarded-for": named };
  await rig.call(host, "/webhooks/sandbox", { method: "POST", headers, body: "{}" });
  expect(rig.seen.at(-1)?.claims.addr).toBe(addr);
  expect(rig.seen.find(({ path }) => path.includes("/hosts/"))?.claims.addr).toBeNull();
});

test.each([
  ["192.0.2.7", "192.0.2.0/24"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"],
])("a refusal of %s is logged with its code and %s, and no more of the address", async (address, network) => {
  await rig.close();
  rig = await createRig({ trustForwarded: true });
  const headers = { "x-forwarded-for": address };
  await rig.call(host, "/webhooks/sandbox", { method: "POST", headers, body: "x".repeat(70_000) });
  await rig.call(host, "/embed", { headers });
  const lines = rig.log.map((line) => JSON.parse(line));
  expect(lines).toMatchObject([{ status: 413, code: "body_too_large", network }, { status: 200 }]);
  expect(lines[1]).not.toHaveProperty("network");
  expect(rig.log.join()).not.toContain(address);
});

test("a page that may not embed the form cannot name itself the challenge's parent", async () => {
  const visitor = await rig.enter(host);
  await visitor.call("/v1/invoices", { headers: { origin: "https://evil.example" } });
  expect(rig.seen.at(-1)?.claims.origin).toBe(`http://${host}:${port}`);
});

test.each([
  ["nobody.localhost", "tenant_unknown"],
  ["acme.localhost.evil.example", "tenant_unknown"],
  ["a_b.localhost", "tenant_unknown"],
  ["..", "malformed_request"],
])("the host %s is %s", async (name, code) => {
  const headers = { host: name };
  const answer = await rig.edge.fetch(new Request("http://edge.test/v1/invoices", { headers }));
  expect(await codeOf(answer)).toBe(code);
});

test("a session over its limit leaves nothing behind in the memory of used proofs", async () => {
  await rig.close();
  rig = await createRig({ limits: { session: 1 } });
  const visitor = await rig.enter(host);
  expect((await visitor.call("/v1/invoices")).status).toBe(200);
  expect(await codeOf(await visitor.call("/v1/invoices"))).toBe("rate_limited");
  const { accessToken, browser } = visitor;
  const url = `http://${host}:${port}/v1/invoices`;
  const dpop = await browser.proof({ method: "GET", url, accessToken });
  // Remembered, the second time would be told as a replay; and all of the tenant's share that memory.
  for (const _ of [1, 2])
    expect(await codeOf(await visitor.call("/v1/invoices", { headers: { dpop } }))).toBe("rate_limited");
});

test("a suspended tenant is 403, known tenants are asked about once in 30 s", async () => {
  const entry = rig.hosts.get(host);
  if (!entry) throw new Error("no entry");
  const visitor = await rig.enter(host);
  await visitor.call("/v1/invoices");
  expect(rig.seen.filter(({ path }) => path.includes("/hosts/"))).toHaveLength(1);
  rig.hosts.set(host, { ...entry, status: "suspended" });
  rig.advance(31_000);
  expect(await codeOf(await visitor.call("/v1/invoices"))).toBe("tenant_suspended");
});

test.each(["suspended", "deleting", "moving"] as const)(
  "that a tenant is %s any page may read, and so say it: its embed origins are not known then",
  async (status) => {
    const entry = rig.hosts.get(host) ?? expect.fail();
    rig.hosts.set(host, { ...entry, status, embedOrigins: [] });
    const headers = { origin: "https://erp.acme.example" };
    const preflight = await rig.call(host, "/v1/session", {
      method: "OPTIONS",
      headers: {
        ...headers,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,dpop",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("dpop");
    const answer = await rig.call(host, "/v1/session", { method: "POST", headers });
    for (const { headers } of [preflight, answer]) {
      expect(headers.get("access-control-allow-origin")).toBe("*");
      expect(headers.get("access-control-allow-credentials")).toBe(null);
    }
    const { code, detail, seller } = Problem.parse(await answer.json());
    expect({ code, seller }).toEqual({ code: `tenant_${status}`, seller: "acme <Industrial>" });
    expect(detail).toMatch(/^the seller/);
    // What is no form's to ask is as closed as ever.
    const other = await rig.call(host, "/embed", { headers });
    expect(other.headers.get("access-control-allow-origin")).toBe(null);
  },
);

test("with the registry away known hosts are served, unknown ones get 503 and are asked about again", async () => {
  const visitor = await rig.enter(host);
  rig.answer((path) => {
    if (path.includes("/hosts/")) throw new Error("ECONNREFUSED");
    return null;
  });
  rig.advance(31_000);
  expect((await visitor.call("/v1/invoices")).status).toBe(200);
  expect(await codeOf(await rig.call("globex.localhost", "/embed"))).toBe("unavailable");
  rig.answer(null);
  expect((await rig.call("globex.localhost", "/embed")).status).toBe(200);
});

test("a server that is down, or answers nonsense, is 503 with Retry-After; then it recovers", async () => {
  const visitor = await rig.enter(host);
  const nonsense: (() => Response)[] = [
    () => {
      throw new TypeError("fetch failed");
    },
    () => new Response("<h1>nginx</h1>", { status: 502 }),
    () => Response.json({ code: "made_up", secret: "s3cr3t" }, { status: 400 }),
    () =>
      new Response(problem("token_invalid").body, { status: 401, headers: { "www-authenticate": "Bearer" } }),
  ];
  for (const answer of nonsense) {
    rig.answer((path) => (path.includes("/hosts/") ? null : answer()));
    const refused = await visitor.call("/v1/payments", json(order));
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await codeOf(refused)).toBe("unavailable");
  }
  rig.answer(null);
  expect((await visitor.call("/v1/invoices")).status).toBe(200);
});

test.each(ErrorCode.options)(
  "the server's %s reaches the browser as it is, with our request id",
  async (code) => {
    const visitor = await rig.enter(host);
    rig.answer((path) => (path.includes("/payments") ? problem(code) : null));
    expect(await codeOf(await visitor.call("/v1/payments", json(order)))).toBe(code);
  },
);

test.each([
  ["GET", "/v1/nothing", "not_found"],
  ["GET", "/wp-login.php", "not_found"],
  ["GET", "/internal/v1/hosts/acme.localhost", "not_found"],
  ["GET", "/v/1.2.3/..%2fmanifest.json", "not_found"],
  ["GET", "/v/9.9.9/pay-form.js", "not_found"],
  ["DELETE", "/v1/invoices", "token_missing"],
  ["DELETE", "/v1/session", "proof_invalid"],
  ["PUT", "/embed", "method_not_allowed"],
  ["POST", "/healthz", "method_not_allowed"],
  ["GET", "/webhooks/sandbox", "method_not_allowed"],
])("%s %s is %s", async (method, path, code) => {
  expect(await codeOf(await rig.call(host, path, { method }))).toBe(code);
});

test("a wrong method with a good session is 405 and says what is right", async () => {
  const visitor = await rig.enter(host);
  const answer = await visitor.call("/v1/invoices", { method: "DELETE" });
  expect(answer.headers.get("allow")).toContain("GET");
  expect(await codeOf(answer)).toBe("method_not_allowed");
});

test("a session over its limit gets 429 with the seconds to wait, another session is served", async () => {
  await rig.close();
  rig = await createRig({ limits: { session: 3 } });
  const [loud, quiet] = [await rig.enter(host), await rig.enter(host)];
  for (let count = 0; count < 3; count++) expect((await loud.call("/v1/invoices")).status).toBe(200);
  const refused = await loud.call("/v1/invoices");
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await codeOf(refused)).toBe("rate_limited");
  expect((await quiet.call("/v1/invoices")).status).toBe(200);
});

test("a tenant over its limit is its own trouble", async () => {
  await rig.close();
  rig = await createRig({ limits: { tenant: 3 } });
  const [acme, globex] = [await rig.enter(host), await rig.enter("globex.localhost")];
  for (let count = 0; count < 2; count++) await acme.call("/v1/invoices");
  expect(await codeOf(await acme.call("/v1/invoices"))).toBe("rate_limited");
  expect((await globex.call("/v1/invoices")).status).toBe(200);
});

test("guessing tokens or proofs is limited by address", async () => {
  await rig.close();
  rig = await createRig({ limits: { address: 6 } });
  const visitor = await rig.enter(host);
  const guess = (count: number) =>
    rig.call(host, "/v1/invoices", { headers: { authorization: `DPoP a.b.${count}` } });
  for (let count = 0; count < 6; count++) expect(await codeOf(await guess(count))).toBe("token_invalid");
  expect(await codeOf(await guess(6))).toBe("rate_limited");
  expect(visitor.accessToken).not.toBe("");
});

test("a token without its key is tried so often from one address, and the signature no more looked at", async () => {
  await rig.close();
  rig = await createRig({ limits: { address: 5 } });
  const [mine, neighbour] = [await rig.enter(host), await rig.enter(host)];
  const codes = [];
  for (let n = 0; n < 8; n++) {
    const url = `http://${host}:${port}/v1/invoices`;
    const dpop = await neighbour.browser.proof({ method: "GET", url, accessToken: mine.accessToken });
    codes.push(await codeOf(await mine.call("/v1/invoices", { headers: { dpop } })));
  }
  expect(codes).toEqual([...Array(5).fill("proof_invalid"), ...Array(3).fill("rate_limited")]);
  expect((await neighbour.call("/v1/invoices")).status).toBe(200);
});

test("trying out host names is limited by address, and known hosts go on", async () => {
  await rig.close();
  rig = await createRig({ limits: { address: 3 } });
  await rig.call(host, "/embed");
  for (const name of ["a", "b"])
    expect(await codeOf(await rig.call(`${name}.test`, "/"))).toBe("tenant_unknown");
  expect(await codeOf(await rig.call("c.test", "/"))).toBe("rate_limited");
  expect((await rig.call(host, "/embed")).status).toBe(200);
});

test("the request id is the caller's when harmless, ours otherwise", async () => {
  const ask = async (given: string) =>
    (await rig.call(host, "/healthz", { headers: { "x-request-id": given } })).headers.get("x-request-id");
  expect(await ask("trace-12345")).toBe("trace-12345");
  for (const bad of ["short", "x".repeat(65), "a b c d e f g", '{"a":"b"}xxxx']) {
    expect(await ask(bad)).toMatch(/^[0-9a-f-]{36}$/);
  }
});

test("webhooks pass on bytes and signature headers, not who sent them what", async () => {
  const body = '{"b": 1,\n "a":2}';
  const headers = {
    "webhook-signature": "v1,abc",
    "content-type": "application/json",
    cookie: "a=b",
    authorization: "Bearer x",
  };
  const answer = await rig.call(host, "/webhooks/sandbox", { method: "POST", body, headers });
  expect(answer.status).toBe(202);
  const last = rig.seen.at(-1);
  expect(last).toMatchObject({ path: "/internal/v1/webhooks/sandbox", body });
  expect(last?.claims).toMatchObject({ tenant: tenants.acme, scopes: ["webhook"] });
  expect(last?.headers.get("webhook-signature")).toBe("v1,abc");
  expect(last?.headers.get("cookie")).toBeNull();
});

test("a bug is a 500 that says nothing, and a log line that says it all", async () => {
  rig.answer((path) => (path.includes("/session") ? Response.json({ not: "the contract" }) : null));
  await expect(rig.enter(host)).rejects.toThrow('"code":"internal"');
  expect(rig.log.join()).toContain("ZodError");
});

test("no token, proof or customer is ever logged", async () => {
  const visitor = await rig.enter(host);
  await visitor.call("/v1/payments", json(order));
  await visitor.call("/v1/invoices", { token: `${visitor.accessToken}x` });
  const log = rig.log.join("\n");
  expect(log).toContain("/v1/payments");
  for (const secret of [
    visitor.accessToken.slice(0, 20),
    "eeeeeeee",
    "C-1",
    "Wayne",
    "crd_canary",
    "127.0.0.1",
  ]) {
    expect(log).not.toContain(secret);
  }
});

test("an edge stays ready whatever becomes of the servers, says what it knows of them, and within 300 ms", async () => {
  const read = async () => {
    const startedAt = performance.now();
    const answer = await rig.call("127.0.0.1", "/readyz");
    expect(performance.now() - startedAt).toBeLessThan(300);
    return { code: answer.status, ...((await answer.json()) as object) };
  };
  const told = (status: string, servers: string) => ({
    code: 200,
    status,
    checks: { process: "ok", servers },
  });
  expect(await read()).toEqual(told("ok", "ok"));
  rig.answer(() => new Response(null, { status: 503 }));
  expect(await read()).toEqual(told("degraded", "unready"));
  rig.answer(() => {
    throw new Error("nobody there");
  });
  expect(await read()).toEqual(told("degraded", "unreachable"));
  await rig.close();
  rig = await createRig({ upstream: () => new Promise(() => {}) });
  expect(await read()).toEqual(told("degraded", "unreachable"));
  expect((await rig.call("127.0.0.1", "/healthz")).status).toBe(200);
});

test("an edge that was asked to stop is not ready, and serves on", async () => {
  await rig.close();
  rig = await createRig({ stopping: () => true });
  expect(await codeOf(await rig.call("127.0.0.1", "/readyz"))).toBe("unavailable");
  expect((await rig.call("127.0.0.1", "/healthz")).status).toBe(200);
  await expect(rig.enter(host)).resolves.toBeDefined();
});

test("a bare address shows the front door, reading only", async () => {
  await rig.close();
  rig = await createRig({ frontDoorUrl: "http://door.test:9/" });
  const fetched = vi.spyOn(globalThis, "fetch").mockImplementation(
    async () =>
      new Response("<h1>tour</h1>", {
        headers: { "content-type": "text/html", server: "x", "set-cookie": "a=b" },
      }),
  );
  const answer = await rig.call("127.0.0.1", "/tour?x=1");
  expect(await answer.text()).toBe("<h1>tour</h1>");
  expect(fetched.mock.calls[0]?.[0]).toBe("http://door.test:9/tour?x=1");
  expect(answer.headers.get("set-cookie")).toBeNull();
  expect(await codeOf(await rig.call("localhost", "/", { method: "POST" }))).toBe("method_not_allowed");
  fetched.mockRestore();
});

test("requests are counted by tenant, of whom only so many are told apart", async () => {
  const entry = rig.hosts.get(host);
  if (!entry) throw new Error("unreachable");
  for (let n = 0; n < 105; n++) {
    rig.hosts.set(`t${n}.localhost`, { ...entry, tenant: { ...entry.tenant, slug: `t${n}` } });
    await rig.call(`t${n}.localhost`, "/embed");
  }
  const text = await (await rig.call("127.0.0.1", "/metrics")).text();
  const tenants = new Set([...text.matchAll(/edge_requests_total\{.*tenant="([^"]+)"/g)].map(([, t]) => t));
  expect(tenants).toContain("t99");
  expect(tenants).not.toContain("t100");
  expect(text).toMatch(/edge_requests_total\{route="\/embed",method="GET",status="200",tenant="other"\} 5/);
});

test("metrics answer on loopback alone", async () => {
  expect((await rig.call("127.0.0.1", "/metrics")).status).toBe(200);
  const proxied = { headers: { "x-forwarded-for": "198.51.100.7" } };
  expect(await codeOf(await rig.call("127.0.0.1", "/metrics", proxied))).toBe("not_found");
  expect(await codeOf(await rig.call(host, "/metrics"))).toBe("not_found");
});
