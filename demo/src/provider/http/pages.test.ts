import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cardPage } from "../pages/card-page.ts";
import type { Merchant } from "../testing/merchant.ts";
import { frameScript, type Sandbox, startSandbox } from "../testing/sandbox.ts";

let sandbox: Sandbox;
let acme: Merchant;

beforeAll(async () => {
  sandbox = await startSandbox();
  acme = await sandbox.merchant("Acme <script>");
});
afterAll(() => sandbox.close());

test("the card frame runs the one script in it, let in by its hash, and no other", async () => {
  const page = await get(`/card?key=${acme.account.publishableKey}`);
  const [, script = ""] = /<script[^>]*>(.*)<\/script>/s.exec(page.text) ?? [];
  expect(script).toBe(frameScript);
  expect(page.text).not.toContain("src=");
  expect(page.text).toContain(`data-key="${acme.account.publishableKey}"`);
  expect(page.text).toContain('data-api="/v1"');
  const policy = page.headers.get("content-security-policy") ?? "";
  for (const directive of [
    "default-src 'none'",
    `script-src 'sha384-${createHash("sha384").update(frameScript).digest("base64")}'`,
    "style-src 'self'",
    "connect-src 'self'",
    "require-trusted-types-for 'script'",
    "frame-ancestors http://*.localhost:* http://127.0.0.1:*",
  ]) {
    expect(policy.split("; ")).toContain(directive);
  }
  expect(policy).not.toMatch(/unsafe|\*;/);
  expect(page.headers.has("x-frame-options")).toBe(false);
  expect(page.headers.get("referrer-policy")).toBe("same-origin");
  for (const directive of ["report-uri /reports", "report-to card", "trusted-types 'none'"])
    expect(policy.split("; ")).toContain(directive);
  expect(page.headers.get("reporting-endpoints")).toBe('card="/reports"');
  expect(page.headers.get("integrity-policy")).toContain("blocked-destinations=(script)");
  expect(page.headers.get("permissions-policy")).toContain("camera=()");
});

test.each(["<!-- x", "'</script>'", "'<script>'", "`</SCRIPT`"])(
  "a frame with the script %s is not made",
  (script) => {
    expect(() => cardPage({ script, publishableKey: "pk_1" })).toThrow("would end its own element");
  },
);

test("the card frame comes compressed to who takes it so", async () => {
  const { headers } = await fetch(`${sandbox.url}/card?key=${acme.account.publishableKey}`);
  expect(headers.get("vary")).toMatch(/accept-encoding/i);
});

test("what a browser reports of a page is taken, in either format, and nothing else is", async () => {
  const body = { effectiveDirective: "script-src-elem", blockedURL: "https://evil.example/4242424242424242" };
  const post = (sent: unknown) =>
    fetch(`${sandbox.url}/reports`, { method: "POST", body: JSON.stringify(sent) }).then(
      ({ status }) => status,
    );
  expect(await post([{ type: "csp-violation", url: "x", body }])).toBe(204);
  expect(await post({ "csp-report": { "effective-directive": "img-src" } })).toBe(204);
  for (const wrong of [1, [1], {}, [{ type: "x" }]]) expect(await post(wrong)).toBe(400);
});

test.each(["", "?key=", "?key=pk_unknown", "?key=%00"])("/card%s is 404", async (query) => {
  expect((await get(`/card${query}`)).status).toBe(404);
});

test("the console lists accounts and charges, escapes names and shows no keys", async () => {
  const { json } = await acme.charge({ token: await acme.token("4242424242424242"), amount: "123456" });
  await acme.capture(json.reference, 123_400n);
  const page = await get("/");
  expect(page.text).toContain(json.reference);
  expect(page.text).toContain("$1,234.56");
  expect(page.text).toContain("$1,234.00");
  expect(page.text).toContain("Acme &lt;script&gt;");
  const { id: _, ...keys } = acme.account;
  for (const key of Object.values(keys)) expect(page.text).not.toContain(key);
  expect(page.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
});

test("the console's form switches a fault on; another site's form does not", async () => {
  const body = new URLSearchParams({ mode: "error_409", operation: "refund", remaining: "2" });
  const foreign = await fetch(`${sandbox.url}/faults`, {
    method: "POST",
    body,
    headers: { origin: "https://evil.example" },
  });
  expect(foreign.status).toBe(403);
  expect((await get("/")).text).toContain("All is well");
  await fetch(`${sandbox.url}/faults`, { method: "POST", body, headers: { origin: sandbox.url } });
  expect((await get("/")).text).toContain("Done, but answered 409, 2 more");
});

test.each([
  ["half a JSON", 400, "POST", "/v1/charges", "{"],
  ["an array", 400, "POST", "/v1/charges", "[]"],
  ["a prototype key", 400, "POST", "/v1/charges", '{"__proto__":{"reference":"x"}}'],
  ["20 kB", 413, "POST", "/v1/charges", "x".repeat(20_000)],
  ["a NUL in the path", 404, "GET", "/v1/charges/%00", undefined],
  ["a path that is none", 404, "GET", "/v1/nothing", undefined],
  ["a NUL in a form", 400, "POST", "/3ds/ch_x", "t=%00"],
  ["a merchant's key for the admin's", 401, "POST", "/v1/accounts", "{}"],
])("%s is answered %i with a code", async (_, status, method, path, body) => {
  const response = await fetch(sandbox.url + path, {
    method,
    headers: { authorization: `Bearer ${acme.account.secretKey}`, "idempotency-key": "k" },
    ...(body !== undefined && { body }),
  });
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({
    error: { code: expect.any(String), message: expect.any(String) },
  });
});

test("a publishable key cannot charge and a secret key cannot tokenise", async () => {
  const headers = { authorization: `Bearer ${acme.account.publishableKey}` };
  expect((await acme.call("GET", "/v1/charges", { headers })).status).toBe(401);
  const origin = { origin: "http://sandbox.test" };
  expect((await acme.call("POST", "/v1/tokens", { body: {}, headers: origin })).status).toBe(401);
});

async function get(path: string) {
  const response = await fetch(sandbox.url + path);
  return { status: response.status, headers: response.headers, text: await response.text() };
}
