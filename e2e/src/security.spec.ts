import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { port, urls } from "./demo.ts";
import { openD365, openNetsuite } from "./pages/hosts.ts";

test("a script altered on its way is refused, and the page stands without it", async ({ page, request }) => {
  await page.route("**/pay-form.js", async (route) => {
    const { pathname } = new URL(route.request().url());
    const answer = await request.get(`${urls.edge}${pathname}`, {
      headers: { host: `acme.localhost:${port}` },
    });
    expect(answer.ok()).toBe(true);
    await route.fulfill({ response: answer, body: `${await answer.text()};` });
  });
  const form = await openNetsuite(page);
  await expect(page.getByRole("heading", { name: "Pay open invoices" })).toBeVisible();
  expect(await form.root.evaluate((element) => element.shadowRoot === null)).toBe(true);
  expect(await page.evaluate(() => customElements.get("pay-form") === undefined)).toBe(true);
});

test("every script that a payment page of ours loads is in the build's manifest, byte for byte", async ({
  page,
}) => {
  const manifest = JSON.parse(
    readFileSync(new URL("../../widget/dist/manifest.json", import.meta.url), "utf8"),
  ) as { files: Record<string, { integrity: string }> };
  const loaded: Promise<[string, string]>[] = [];
  const integrityOf = (bytes: string | Buffer) =>
    `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
  page.on("response", (response) => {
    const { hostname, pathname } = new URL(response.url());
    // The card page has its script inside.
    if (pathname === "/card")
      loaded.push(
        response.text().then((page) => {
          const [, text = ""] = /<script[^>]*>(.*)<\/script>/s.exec(page) ?? [];
          return ["card-frame.js", integrityOf(text)];
        }),
      );
    // The ERP's own scripts are the ERP's; ours stand at the edge and at the provider.
    if (response.request().resourceType() !== "script" || /^(netsuite|d365)\./.test(hostname)) return;
    loaded.push(response.body().then((body) => [pathname.split("/").at(-1) ?? "", integrityOf(body)]));
  });
  await (await openNetsuite(page)).ready();
  const form = await openD365(page);
  await form.ready();
  await form.choose();
  await expect(form.cardFrame.getByLabel(/card number/i)).toBeVisible();
  const found = await Promise.all(loaded);
  expect(new Set(found.map(([name]) => name))).toEqual(new Set(Object.keys(manifest.files)));
  for (const [name, integrity] of found) expect(integrity, name).toBe(manifest.files[name]?.integrity);
});

test("a page that is not on the tenant's list cannot frame the form", async ({ page }) => {
  await page.route("http://stranger.localhost/", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<iframe src="${urls.globex}/embed"></iframe>`,
    }),
  );
  await page.goto("http://stranger.localhost/");
  await expect.poll(() => page.frames()[1]?.url()).toBe("chrome-error://chromewebdata/");
});

test("what a thief can copy from a request opens nothing: the key stays in the page", async ({
  page,
  request,
}) => {
  const sent = page.waitForRequest(
    (call) => call.url().startsWith(urls.acme) && "authorization" in call.headers(),
  );
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose("20.00");
  await form.enterCard("4000 0566 5566 5556");
  await form.payButton.click();
  const { authorization = "", dpop = "" } = (await sent).headers();
  await expect(form.receipt).toBeVisible();
  for (const headers of [{ authorization }, { authorization, dpop }]) {
    const answer = await request.get(`${urls.edge}/v1/invoices`, {
      headers: { ...headers, host: `acme.localhost:${port}` },
    });
    expect(answer.status()).toBe(401);
    expect(await answer.json()).toMatchObject({ code: "proof_invalid" });
  }
  const elsewhere = await request.get(`${urls.edge}/v1/invoices`, {
    headers: { authorization, dpop, host: `globex.localhost:${port}` },
  });
  expect(elsewhere.status()).toBe(403);
  expect(await elsewhere.json()).toMatchObject({ code: "tenant_mismatch" });
});

test("no channel a payer can see names the platform", async ({ page }) => {
  const seen: string[] = [];
  page.on("response", async (response) => {
    const { hostname } = new URL(response.url());
    if (!/^(globex|sandbox)\.localhost$/.test(hostname)) return;
    const headers = Object.entries(await response.allHeaders()).map(([name, value]) => `${name}: ${value}`);
    const text = await response.text().catch(() => "");
    if (/clarity/i.test([response.url(), ...headers, text].join("\n"))) seen.push(response.url());
  });
  const form = await openD365(page);
  await form.payWith("4000 0566 5566 5556", "21.00");
  await expect(form.receipt).toBeVisible();
  expect(seen).toEqual([]);
  const frame = page.frames().find((candidate) => candidate.url().includes("/embed"));
  const traces = await frame?.evaluate(() => ({
    globals: Object.keys(globalThis).filter((name) => /clarity/i.test(name)),
    cookies: document.cookie,
    markup: /clarity/i.test(document.documentElement.outerHTML),
  }));
  expect(traces).toEqual({ globals: [], cookies: "", markup: false });
});
