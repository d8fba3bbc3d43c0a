import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf } from "../testing/code-of.ts";
import { createRig, type Rig } from "../testing/rig.ts";

let rig: Rig;
const host = "acme.localhost";
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

test("the page is the tenant's by name, mark and colours, runs its own script alone and is framed by nobody", async () => {
  const page = await rig.call(host, "/portal", { headers: { "accept-language": "ar,en;q=0.5" } });
  const text = await page.text();
  expect(text).toContain("<title>Acme &lt;Industrial&gt;</title>");
  expect(text).toContain('<html lang="ar" dir="rtl">');
  expect(text).not.toMatch(/<Industrial|clarity|style=|<script>/i);
  const policy = page.headers.get("content-security-policy") ?? "";
  const script =
    /src="(\/portal\/assets\/[^"]+)" integrity="sha384-/.exec(text)?.[1] ?? expect.fail("no script");
  expect(policy).toContain(`script-src http://${host}:4000${script};`);
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|https:|\*/);
  expect(page.headers.get("cache-control")).toBe("no-store");

  for (const path of [script, ...(text.match(/(?<=href=")[^"]+(?=")/g) ?? [])]) {
    const file = await rig.call(host, path);
    expect(file.status, path).toBe(200);
    expect(file.headers.get("cache-control"), path).toContain("public");
  }
  const icon = await (await rig.call(host, "/portal/icon.svg")).text();
  expect(icon).toContain(">A</text>");
});

test.each([
  "/portal/assets/manifest.json",
  "/portal/assets/..%2fmanifest.json",
  "/portal/theme/other.css",
  "/portal/",
])("%s is nowhere", async (path) => {
  expect(await codeOf(await rig.call(host, path))).toBe("not_found");
});

test("a GET of a login link is the page, and neither reaches the server nor signs anybody in", async () => {
  rig.seen.length = 0;
  const page = await rig.call(host, `/portal#/login/${"l".repeat(43)}`);
  expect(page.status).toBe(200);
  expect(page.headers.get("set-cookie")).toBeNull();
  expect(JSON.stringify(rig.seen)).not.toContain("lllll");
});

test("an edge without a portal's build has no page there, and serves everything else", async () => {
  const bare = await createRig({ portalDir: null });
  expect(await codeOf(await bare.call(host, "/portal"))).toBe("not_found");
  expect((await bare.call(host, "/embed")).status).toBe(200);
  await bare.close();
});
