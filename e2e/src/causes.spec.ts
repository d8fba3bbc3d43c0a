import { expect, type Page, test } from "@playwright/test";
import { embedToken, urls } from "./demo.ts";
import { type BarePage, openBare, snippets } from "./pages/bare-page.ts";
import { cascade } from "./pages/host-element.ts";
import type { PayForm } from "./pages/pay-form.ts";

/** Before there is a session: the payer reads what they can do, the page's console says what to change. */
test.use({ permissions: ["local-network-access"], locale: "de-DE" });

async function open(page: Page, token: string, bare: Partial<BarePage> = {}): Promise<[PayForm, string[]]> {
  const lines: string[] = [];
  page.on("console", (message) => message.text().startsWith("pay-form.js:") && lines.push(message.text()));
  const { form } = await snippets();
  const body = `${form}<pay-form locale="de" token="${token}"></pay-form>`;
  return [await openBare(page, { ...bare, body }), lines];
}

async function expectTold([form, lines]: [PayForm, string[]], payer: RegExp, admin: RegExp): Promise<void> {
  await expect(form.root.getByRole("heading")).toHaveText(payer, { timeout: 30_000 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(admin);
}

const anew =
  /Öffnen Sie diese Seite neu\. Hilft das nicht, fragen Sie bei \u2068?(Ihrem Verkäufer|Acme Industrial)\u2069? nach/;
const contact = (name: string) =>
  new RegExp(`Hier kann nicht gezahlt werden. Fragen Sie bei .?${name}.? nach`);

const nowS = () => Math.floor(Date.now() / 1000);
for (const [what, token, admin] of [
  [
    "a forged token",
    () => `${embedToken(cascade.id).slice(0, -8)}AAAAAAAA`,
    /signature is not the embed key/,
  ],
  ["a wrong key", () => embedToken(cascade.id, { iss: "nobody" }), /no embed key nobody/],
  [
    "an expired token",
    () => embedToken(cascade.id, { iat: nowS() - 500, exp: nowS() - 200 }),
    /expired 2\d\d s ago/,
  ],
] as const)
  test(what, async ({ page }) => {
    await expectTold(await open(page, token()), anew, admin);
  });

test("a token that was used before, by another browser", async ({ page, browser }) => {
  const token = embedToken(cascade.id);
  const [first] = await open(page, token);
  await first.ready();
  const context = await browser.newContext({ permissions: ["local-network-access"] });
  await expectTold(await open(await context.newPage(), token), anew, /used before/);
  await context.close();
});

test("an origin that is not allowed", async ({ page }) => {
  const origin = urls.netsuite.replace("netsuite", "stranger");
  const told = await open(page, embedToken(cascade.id), { origin });
  await expectTold(
    told,
    contact("Ihrem Verkäufer"),
    new RegExp(`add ${origin} to the seller's setting embed.origins`),
  );
});

test("a policy of the page's own", async ({ page }) => {
  const headers = { "content-security-policy": "connect-src 'self'" };
  const told = await open(page, embedToken(cascade.id), { headers });
  await expectTold(told, contact("Ihrem Verkäufer"), new RegExp(`add ${urls.acme} to connect-src`));
});

test("an edge that cannot be reached", async ({ page }) => {
  await page.route("**/v1/session", (route) => route.abort());
  await page.route("**/pay-form.js", (route) =>
    route.request().method() === "HEAD" ? route.abort() : route.fallback(),
  );
  await expectTold(
    await open(page, embedToken(cascade.id)),
    /Es besteht keine Verbindung/,
    /cannot be reached from here/,
  );
});

test("a suspended seller, by name", async ({ page }) => {
  const problem = { code: "tenant_suspended", status: 403, requestId: "r-1", seller: "Acme Industrial" };
  await page.route("**/v1/session", (route) =>
    route.fulfill({
      status: 403,
      contentType: "application/problem+json",
      headers: { "access-control-allow-origin": "*" },
      body: JSON.stringify({ ...problem, detail: "the seller is suspended" }),
    }),
  );
  const told = await open(page, embedToken(cascade.id));
  await expectTold(told, contact("Acme Industrial"), /the seller is suspended \(request r-1\)/);
});
