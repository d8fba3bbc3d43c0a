import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { charges, mails, posted, uniqueAmount } from "./demo.ts";
import { pinToFormer, serveFormerFrame } from "./pages/former.ts";
import { expectClean, openD365, openNetsuite, watch } from "./pages/hosts.ts";
import { cards } from "./pages/pay-form.ts";

/**
 * ERP pages stay pinned to the script they were given. `e2e/former` holds those of the last release (how they get
 * there: CONTRIBUTING.md, "A release of the form"); each is held against today's edge, pages and server.
 */
test("a page pinned to the former form pays through today's edge: captured once, posted once, one receipt", async ({
  page,
}) => {
  await pinToFormer(page, "pay-form.js");
  const seen = await watch(page);
  const { typed, minor } = uniqueAmount();
  const form = await openNetsuite(page);
  await form.payWith(cards.debit, typed);
  await expect(form.receipt).toBeVisible();
  expect(await page.locator("script[src$='/v/former/pay-form.js']").count()).toBe(1);
  expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
  await expect.poll(() => posted("netsuite", typed), { timeout: 20_000 }).toHaveLength(1);
  await expect.poll(() => mails(typed), { timeout: 20_000 }).toHaveLength(1);
  expectClean(seen);
});

test("today's form pays with the card frame of the former release", async ({ page }) => {
  await serveFormerFrame(page);
  const seen = await watch(page);
  const { typed, minor } = uniqueAmount();
  const form = await openNetsuite(page);
  await form.payWith(cards.debit, typed);
  await expect(form.receipt).toBeVisible();
  expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
  expectClean(seen);
});

test("the former form in today's pages with the former card frame pays: nothing in between was lost", async ({
  page,
}) => {
  await pinToFormer(page, "pay-form.js");
  await serveFormerFrame(page);
  const form = await openNetsuite(page);
  await form.payWith(cards.debit, uniqueAmount().typed);
  await expect(form.receipt).toBeVisible();
});

test("the former form shows the bank's challenge of today's server", async ({ page }) => {
  await pinToFormer(page, "pay-form.js");
  const form = await openNetsuite(page);
  const total = await form.payWith(cards.challenge, uniqueAmount().typed);
  await form.challengeFrame().getByRole("button", { name: "Approve" }).click();
  await expect(form.receipt).toBeVisible({ timeout: 20_000 });
  expect(await charges("acme", String(total))).toMatchObject([{ status: "captured" }]);
});

test("what today's form sends, an edge of the former release takes: it knows every field", async ({
  page,
}) => {
  const { requests } = JSON.parse(
    readFileSync(new URL("../../bff/contract/former/shapes.json", import.meta.url), "utf8"),
  ) as { requests: Record<string, Shape> };
  const sent: [string, unknown][] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (request.method() === "POST" && /^\/v1\/(session|payments)$/.test(pathname))
      sent.push([pathname, request.postDataJSON()]);
  });
  const form = await openNetsuite(page);
  await form.payWith(cards.debit, uniqueAmount().typed);
  await expect(form.receipt).toBeVisible();
  expect(new Set(sent.map(([pathname]) => pathname))).toEqual(new Set(["/v1/session", "/v1/payments"]));
  for (const [pathname, body] of sent) {
    const name = pathname === "/v1/session" ? "SessionRequest" : "PaymentRequest";
    expect(strangers(body, requests[name], requests[name]?.$defs ?? {}), pathname).toEqual([]);
  }
});

test("a page pinned to the former loader pays in today's frame", async ({ page }) => {
  await pinToFormer(page, "loader.js");
  const seen = await watch(page);
  const { typed, minor } = uniqueAmount();
  const form = await openD365(page);
  await form.payWith(cards.debit, typed);
  await expect(form.receipt).toBeVisible();
  expect(await charges("globex", String(minor))).toMatchObject([{ status: "captured" }]);
  expectClean(seen);
});

interface Shape {
  $ref?: string;
  $defs?: Record<string, Shape>;
  properties?: Record<string, Shape>;
  items?: Shape;
}

/** Paths of fields that a shape does not name. */
function strangers(value: unknown, given: Shape | undefined, defs: Record<string, Shape>): string[] {
  const shape = given?.$ref ? defs[given.$ref.replace("#/$defs/", "")] : given;
  if (Array.isArray(value)) return value.flatMap((one) => strangers(one, shape?.items, defs));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = shape?.properties?.[name];
    return known ? strangers(inner, known, defs).map((path) => `${name}.${path}`) : [name];
  });
}
