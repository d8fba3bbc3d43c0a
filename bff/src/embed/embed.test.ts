import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { HostEntry } from "@clarity/server/contract";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addressOf, integrityOf } from "../testing/builds.ts";
import { createRig, port, type Rig, written } from "../testing/rig.ts";
import { embedLocale } from "./locale.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());
const host = "acme.localhost";

const scriptAt = (name: string) => `/v/${addressOf(written[name] ?? "")}/${name}`;
const policyOf = (answer: Response): Record<string, string> =>
  Object.fromEntries(
    (answer.headers.get("content-security-policy") ?? "").split("; ").map((directive) => {
      const [name = "", ...values] = directive.split(" ");
      return [name, values.join(" ")];
    }),
  );

test("the framed page runs our two scripts, pinned by content, and nothing else", async () => {
  const answer = await rig.call(host, "/embed?typename=account&id=%7B1%7D&orgname=x&userlcid=3082");
  const html = await answer.text();
  const names = ["pay-form.js", "embed-page.js"];
  expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(policyOf(answer)).toEqual({
    "default-src": "'none'",
    "script-src": names.map((name) => `http://${host}:${port}${scriptAt(name)}`).join(" "),
    "style-src": "'self'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self' data:",
    "frame-src": "https://frames.provider.example",
    "require-trusted-types-for": "'script'",
    "trusted-types": "pay-form",
    "frame-ancestors": "https://erp.acme.example",
    "base-uri": "'none'",
    "form-action": "'none'",
    "report-uri": "/reports",
    "report-to": "pay",
  });
  expect([...html.matchAll(/<script[^>]*>/g)].map(([tag]) => tag)).toEqual(
    names.map(
      (name) =>
        `<script defer src="${scriptAt(name)}" integrity="${integrityOf(written[name] ?? "")}" crossorigin="anonymous">`,
    ),
  );
  expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|javascript:/i);
  expect(html).toContain('<html lang="es">');
  expect(html).toContain('<pay-form locale="es"></pay-form>');
});

test("the framed page asks for integrity, says what it needs of the browser, and reports here alone", async () => {
  const { headers } = await rig.call(host, "/embed");
  expect(headers.get("integrity-policy")).toBe("blocked-destinations=(script), endpoints=(pay)");
  expect(headers.get("reporting-endpoints")).toBe('pay="/reports"');
  const allowed = '(self "https://frames.provider.example")';
  const permissions = new Map(
    (headers.get("permissions-policy") ?? "").split(", ").map((one) => one.split("=") as [string, string]),
  );
  for (const feature of ["payment", "publickey-credentials-get"]) {
    expect(permissions.get(feature)).toBe(allowed);
    permissions.delete(feature);
  }
  expect(new Set(permissions.values())).toEqual(new Set(["()"]));
  for (const feature of ["camera", "microphone", "geolocation", "usb"])
    expect([...permissions.keys()]).toContain(feature);
});

test("what a tenant is called cannot become markup, what the query says is not in the page", async () => {
  const html = await (await rig.call(host, '/embed?locale=en"><script>alert(1)</script>&data=<b>')).text();
  expect(html).toContain("<title>acme &lt;Industrial&gt;</title>");
  expect(html).not.toContain("alert");
  expect(html).not.toContain("<b>");
  const origins = /data-origins="([^"]*)"/.exec(html)?.[1]?.replaceAll("&quot;", '"') ?? "";
  expect(JSON.parse(origins)).toEqual(["https://erp.acme.example"]);
});

test.each([
  ["dark", '<pay-form theme-mode="dark"></pay-form>'],
  ["light", '<pay-form theme-mode="light"></pay-form>'],
  ["auto", '<pay-form theme-mode="auto"></pay-form>'],
  ['dark"onload="', "<pay-form></pay-form>"],
  ["DARK", "<pay-form></pay-form>"],
])("theme-mode %s of the address gives %s", async (mode, element) => {
  const html = await (await rig.call(host, `/embed?theme-mode=${encodeURIComponent(mode)}`)).text();
  expect(html).toContain(element);
});

test("a tenant without provider or embed origins frames nothing and is framed by nothing", async () => {
  const entry = rig.hosts.get("globex.localhost");
  if (!entry) throw new Error("no entry");
  rig.hosts.set("globex.localhost", { ...entry, embedOrigins: [], frameOrigins: [] });
  const policy = (await rig.call("globex.localhost", "/embed")).headers.get("content-security-policy");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("frame-src 'none'");
});

test.each<[string | undefined, string | undefined, string | undefined, string | null]>([
  ["fr", "1033", "de", "fr"],
  ["fr-CA", undefined, undefined, "fr"],
  ["xx", "1033", "de", "en"],
  [undefined, "3082", undefined, "es"],
  [undefined, "1036", undefined, "fr"],
  [undefined, "1031", undefined, "de"],
  [undefined, "1025", undefined, "ar"],
  [undefined, "3084", undefined, "fr"],
  [undefined, "1041", "ja, de;q=0.8", "de"],
  [undefined, "__proto__", "constructor", null],
  [undefined, undefined, undefined, null],
])("locale %s, userlcid %s, accept-language %s speak %s", (locale, userlcid, accepted, spoken) => {
  expect(embedLocale(locale, userlcid, accepted)).toBe(spoken);
});

test("scripts are immutable, compressed, and open to pages of any origin", async () => {
  const ask = (encoding: string) =>
    rig.call(host, "/v/1.2.3/pay-form.js", { headers: { "accept-encoding": encoding } });
  const plain = await ask("identity");
  const bytes = await plain.text();
  expect(Object.fromEntries(plain.headers)).toMatchObject({
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": "public, max-age=31536000, immutable",
    "content-type": "text/javascript; charset=utf-8",
    vary: "accept-encoding",
  });
  const br = await ask("gzip, deflate, br");
  expect(br.headers.get("content-encoding")).toBe("br");
  expect(brotliDecompressSync(await br.arrayBuffer()).toString()).toBe(bytes);
  const gz = await ask("gzip");
  expect(gz.headers.get("content-encoding")).toBe("gzip");
  expect(gunzipSync(await gz.arrayBuffer()).toString()).toBe(bytes);
});

test.each([
  ["https://erp.acme.example", true],
  [`http://${host}:${port}`, true],
  ["https://erp.globex.example", false],
  ["https://erp.acme.example.evil.example", false],
  ["http://erp.acme.example", false],
  ["https://ERP.acme.example", false],
  ["null", false],
])("a page of %s may read the API: %s", async (origin, may) => {
  const preflight = await rig.call(host, "/v1/payments", {
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "dpop" },
  });
  expect(preflight.status).toBe(204);
  const answer = await rig.call(host, "/v1/invoices", { headers: { origin } });
  for (const { headers } of [preflight, answer]) {
    expect(headers.get("access-control-allow-origin")).toBe(may ? origin : null);
    expect(headers.get("access-control-allow-credentials")).toBeNull();
    expect(headers.get("vary")).toContain("origin");
  }
  expect(preflight.headers.get("access-control-allow-headers")).toBe(
    may ? "authorization, content-type, dpop, x-request-id" : null,
  );
  if (may) expect(answer.headers.get("access-control-expose-headers")).toContain("retry-after");
});

test.each([
  ["dpop, x-csrf-token,traceparent", ", x-csrf-token, traceparent"],
  ["", ""],
  ["x-a: b", ""],
  ["x".repeat(1001), ""],
])("a page whose fetch adds %j to every request may still ask", async (asked, more) => {
  const { headers } = await rig.call(host, "/v1/payments", {
    method: "OPTIONS",
    headers: {
      origin: "https://erp.acme.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": asked,
    },
  });
  expect(headers.get("access-control-allow-headers")).toBe(
    `authorization, content-type, dpop, x-request-id${more}`,
  );
});

test("a page may read of every answer, refusals too, when it was made by the clock that judges its proofs", async () => {
  const own = await createRig({ now: () => Date.UTC(2036, 0, 1, 12) });
  const origin = "https://erp.acme.example";
  for (const path of ["/v1/invoices", "/v1/session"]) {
    const method = path === "/v1/session" ? "POST" : "GET";
    const { status, headers } = await own.call(host, path, { method, headers: { origin } });
    expect(status).toBe(401);
    expect(headers.get("date")).toBe("Tue, 01 Jan 2036 12:00:00 GMT");
    expect(headers.get("access-control-expose-headers")?.split(", ")).toContain("date");
  }
  await own.close();
});

test("every answer has the security headers, no cookie, and no name of platform or software", async () => {
  const visitor = await rig.enter(host);
  const answers = [
    await visitor.call("/v1/invoices"),
    await visitor.call("/v1/payments", { method: "POST" }),
    ...(await Promise.all(
      [
        "/embed",
        "/v/1.2.3/pay-form.js",
        scriptAt("pay-form.js"),
        "/theme/abcdefgh.css",
        "/healthz",
        "/openapi.json",
        "/nothing",
      ].map((path) => rig.call(host, path)),
    )),
    await rig.call("nobody.localhost", "/"),
  ];
  for (const answer of answers) {
    const headers = Object.fromEntries(answer.headers);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": expect.stringMatching(/^(no-referrer|strict-origin)$/),
      "content-security-policy": expect.stringContaining("frame-ancestors"),
      "cross-origin-opener-policy": "same-origin",
      "x-request-id": expect.any(String),
    });
    for (const name of ["set-cookie", "server", "x-powered-by", "x-frame-options"])
      expect(headers).not.toHaveProperty(name);
    const said = `${JSON.stringify(headers)}${await answer.text()}`.toLowerCase();
    expect(said).not.toMatch(/clarity|hono|node\.js|express/);
  }
});

test("over https browsers are told to stay there, as the proxy in front says", async () => {
  const trusting = await createRig({ trustForwarded: true });
  const headers = { "x-forwarded-proto": "http, https" };
  expect(
    (await trusting.call(host, "/embed", { headers })).headers.get("strict-transport-security"),
  ).toContain("max-age");
  await trusting.close();
  expect((await rig.call(host, "/embed", { headers })).headers.get("strict-transport-security")).toBeNull();
});

test("where the payment frames are is told ahead of any session, to every page, of this tenant alone", async () => {
  const answer = await rig.call(host, "/v1/methods", { headers: { origin: "https://somewhere.example" } });
  expect(await answer.json()).toEqual({
    methods: [{ type: "card", frameUrl: "https://frames.provider.example/card?key=pk" }],
  });
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(answer.headers.get("cache-control")).toBe("public, max-age=60");
  rig.hosts.set("bare.localhost", { ...(rig.hosts.get(host) as HostEntry), methods: [] });
  expect(await (await rig.call("bare.localhost", "/v1/methods")).json()).toEqual({ methods: [] });
  expect((await rig.call("nobody.localhost", "/v1/methods")).status).toBe(404);
});
