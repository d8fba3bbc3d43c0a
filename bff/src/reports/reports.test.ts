import { afterEach, beforeEach, expect, test } from "vitest";
import { codeOf } from "../testing/code-of.ts";
import { createRig, port, type Rig } from "../testing/rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.close());
const host = "acme.localhost";
const page = `http://${host}:${port}/embed?id=%7BC-1%7D&token=s3cr3t`;

const send = (body: unknown, type = "application/reports+json", at = host) =>
  rig.call(at, "/reports", {
    method: "POST",
    headers: { "content-type": type, "user-agent": "Wayne's browser" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
const violation = (change: Record<string, unknown> = {}, type = "csp-violation") => ({
  age: 10,
  type,
  url: page,
  user_agent: "Wayne's browser",
  body: {
    documentURL: page,
    referrer: "https://erp.acme.example/customer/1042",
    blockedURL: "https://evil.example/skim.js?card=4242424242424242",
    effectiveDirective: "script-src-elem",
    originalPolicy: "default-src 'none'",
    sourceFile: "https://erp.acme.example/page?customer=Wayne",
    sample: "document.cookie",
    disposition: "enforce",
    ...change,
  },
});
const lines = () =>
  rig.log
    .map((line) => JSON.parse(line))
    .filter(({ msg }) => msg === "a browser refused something on a page of ours");
const counted = async () =>
  [
    ...(await (await rig.call("127.0.0.1", "/metrics")).text()).matchAll(
      /^edge_page_reports_total(\S+ \d+)$/gm,
    ),
  ].map(([, series]) => series);

test("a report is counted and logged: directive and origin, nothing of the payer", async () => {
  expect((await send([violation()])).status).toBe(204);
  expect(lines()).toMatchObject([
    {
      tenant: "acme",
      kind: "csp",
      directive: "script-src-elem",
      blocked: "https://evil.example",
      enforced: true,
    },
  ]);
  expect(await counted()).toEqual(['{kind="csp",directive="script-src-elem"} 1']);
  const said = rig.log.join("\n");
  for (const secret of ["4242", "s3cr3t", "C-1", "Wayne", "1042", "document.cookie", "127.0.0.1", "erp.acme"])
    expect(said).not.toContain(secret);
});

test("the older format says the same", async () => {
  const report = {
    "csp-report": {
      "document-uri": page,
      "violated-directive": "script-src-elem https://a.example",
      "blocked-uri": "https://evil.example/skim.js",
      disposition: "report",
    },
  };
  expect((await send(report, "application/csp-report")).status).toBe(204);
  expect(lines()).toMatchObject([
    { directive: "script-src-elem", blocked: "https://evil.example", enforced: false },
  ]);
});

test.each([
  ["inline", "inline"],
  ["trusted-types-policy", "trusted-types-policy"],
  ["data", "data"],
  ["blob:http://acme.localhost/1", "blob"],
  ["wss://evil.example:8443/x", "wss://evil.example:8443"],
  ["javascript:alert(1)", "other"],
  ["", "other"],
  ["https://4242424242424242@evil.example/", "https://evil.example"],
  [`https://${"a.".repeat(80)}example/`, "other"],
  ['line\n{"level":60}', "other"],
])("what was refused, %j, is logged as %s", async (blockedURL, logged) => {
  await send([violation({ blockedURL })]);
  expect(lines()).toMatchObject([{ blocked: logged }]);
});

test.each(["chrome-extension://abc/x.js", "moz-extension://abc", "safari-web-extension://abc"])(
  "%s is the payer's own: counted, not logged",
  async (blockedURL) => {
    await send([violation({ blockedURL })]);
    expect(lines()).toEqual([]);
    expect(await counted()).toHaveLength(1);
  },
);

test("what a directive or a kind may be called is a closed list: nobody makes up series of the metric", async () => {
  for (let n = 0; n < 20; n++) await send([violation({ effectiveDirective: `made-up-${n}` }, `kind-${n}`)]);
  await send([violation({ destination: "script", effectiveDirective: undefined }, "integrity-violation")]);
  expect((await counted()).sort()).toEqual([
    '{kind="integrity",directive="other"} 1',
    '{kind="other",directive="other"} 20',
  ]);
});

test("of other documents nothing is taken: neither another tenant's, nor anybody's", async () => {
  for (const documentURL of [
    `http://globex.localhost:${port}/embed`,
    "https://evil.example/embed",
    `http://${host}.evil.example:${port}/`,
    "about:srcdoc",
    "",
  ]) {
    expect((await send([violation({ documentURL })])).status).toBe(204);
  }
  expect([lines(), await counted()]).toEqual([[], []]);
});

test("of a batch twenty are read, and a minute has room for sixty lines; the count goes on", async () => {
  for (let n = 0; n < 5; n++) await send(Array.from({ length: 25 }, () => violation({ sample: "" })));
  expect(lines()).toHaveLength(60);
  expect(await counted()).toEqual(['{kind="csp",directive="script-src-elem"} 100']);
  rig.advance(61_000);
  await send([violation()]);
  expect(lines()).toHaveLength(61);
});

test.each([
  ["no JSON", "{", "application/json", "malformed_request"],
  ["no report", '{"a":1}', "application/json", "malformed_request"],
  ["a number", "1", "application/json", "malformed_request"],
  ["a list of none", "[1]", "application/json", "malformed_request"],
  ["a form", "a=b", "application/x-www-form-urlencoded", "unsupported_media_type"],
  ["too much", `[${"1,".repeat(9_000)}1]`, "application/json", "body_too_large"],
])("%s is refused", async (_, body, type, code) => {
  expect(await codeOf(await send(body, type))).toBe(code);
  expect(rig.seen.filter(({ path }) => !path.includes("/hosts/"))).toEqual([]);
});

test("deep JSON, prototypes and odd kinds of fields change nothing", async () => {
  const deep = `${"[".repeat(8_000)}${"]".repeat(8_000)}`;
  expect(await codeOf(await send(deep, "application/json"))).toBe("malformed_request");
  expect((await send('[{"type":"csp-violation","body":{"__proto__":{"documentURL":1}}}]')).status).toBe(204);
  expect(
    (await send([violation({ blockedURL: { a: 1 }, disposition: 7, effectiveDirective: [] })])).status,
  ).toBe(204);
  expect(lines()).toMatchObject([{ blocked: "other", directive: "other", enforced: true }]);
});
