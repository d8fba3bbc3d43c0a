import { expect, type Page, test } from "@playwright/test";
import { charges, uniqueAmount } from "./demo.ts";
import { openD365, openNetsuite } from "./pages/hosts.ts";
import { cards } from "./pages/pay-form.ts";

const minute = 60_000;
const hour = 60 * minute;
const year = 365 * 24 * hour;

const setDevice = (page: Page, offMs: number) => page.clock.install({ time: Date.now() + offMs });

for (const [name, offMs] of [
  ["two minutes behind", -2 * minute],
  ["three hours ahead", 3 * hour],
  ["ten years ahead, when the card would have expired", 10 * year],
  ["ten years behind", -10 * year],
] as const) {
  test(`a device whose clock is ${name} pays as any other`, async ({ page }) => {
    await setDevice(page, offMs);
    const { typed } = uniqueAmount();
    const form = await openNetsuite(page);
    const minor = await form.payWith(cards.visa, typed);
    await expect(form.receipt).toBeVisible();
    expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
  });
}

test("in a frame of another page too", async ({ page }) => {
  await setDevice(page, -hour);
  const form = await openD365(page);
  await form.ready();
});

for (const [name, offMs] of [
  ["forward", 2 * hour],
  ["back", -2 * hour],
] as const) {
  test(`a clock set ${name} while the form is open, and again at the bank's page, ends nothing`, async ({
    page,
  }) => {
    await setDevice(page, 0);
    const { typed } = uniqueAmount();
    const form = await openNetsuite(page);
    await form.ready();
    await page.clock.setSystemTime(Date.now() + offMs);
    const minor = await form.payWith(cards.challenge, typed);
    const approve = form.challengeFrame().getByRole("button", { name: "Approve" });
    await expect(approve).toBeVisible();
    await page.clock.setSystemTime(Date.now() - offMs);
    await approve.click();
    await expect(form.receipt).toBeVisible();
    expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
  });
}

test("where the server's time cannot be had either, the form says that it is the clock", async ({ page }) => {
  await setDevice(page, hour);
  await page.route("**/v1/session", (route) =>
    route.fulfill({
      status: 401,
      contentType: "application/problem+json",
      headers: { "access-control-allow-origin": "*" },
      body: JSON.stringify({ code: "proof_invalid", status: 401, requestId: "r-1" }),
    }),
  );
  const form = await openNetsuite(page);
  await expect(form.alert(/date or time seems to be wrong/)).toBeVisible();
});
