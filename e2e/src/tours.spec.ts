import { expect, test } from "@playwright/test";
import { charges, clarity, mails, posted, uniqueAmount, withSurcharge } from "./demo.ts";
import { everywhere, skipWithoutFirefox } from "./pages/everywhere.ts";
import { d365Frames, expectClean, openD365, openNetsuite, watch } from "./pages/hosts.ts";
import { cards } from "./pages/pay-form.ts";

skipWithoutFirefox();

test(
  "a customer pays part of an invoice in NetSuite: captured once, posted once, one receipt",
  everywhere,
  async ({ page }) => {
    const seen = await watch(page);
    const { typed, minor } = uniqueAmount();
    const form = await openNetsuite(page);
    await form.payWith(cards.debit, typed);
    await expect(form.receipt).toBeVisible();
    await expect(form.root.getByText(/Receipt number/)).toBeVisible();

    const [charge, ...more] = await charges("acme", String(minor));
    expect(more).toEqual([]);
    expect(charge).toMatchObject({ status: "captured", captured: String(minor) });
    await expect.poll(() => posted("netsuite", typed), { timeout: 20_000 }).toHaveLength(1);
    await expect.poll(() => mails(typed), { timeout: 20_000 }).toHaveLength(1);
    expectClean(seen);
  },
);

test(
  "a customer pays in D365 through the web resource: captured once, posted once, one receipt",
  everywhere,
  async ({ page }) => {
    const seen = await watch(page);
    const { typed, minor } = uniqueAmount();
    const form = await openD365(page);
    await form.payWith(cards.debit, typed);
    await expect(form.receipt).toBeVisible();

    expect(await charges("globex", String(minor))).toMatchObject([{ status: "captured" }]);
    await expect.poll(() => posted("d365", typed), { timeout: 20_000 }).toHaveLength(1);
    await expect.poll(() => mails(typed), { timeout: 20_000 }).toHaveLength(1);
    expectClean(seen);
  },
);

test("the frame in D365 is as high as its content", everywhere, async ({ page }) => {
  const form = await openD365(page);
  await form.ready();
  const [control, embed] = d365Frames;
  const frame = page.frameLocator(control).locator(embed);
  await expect
    .poll(async () => {
      const content = await form.root.evaluate((element) =>
        Math.ceil(element.getBoundingClientRect().bottom),
      );
      const outer = (await frame.boundingBox())?.height ?? 0;
      return Math.abs(outer - content) < 60;
    })
    .toBe(true);
});

test("a script of the D365 form's own runs in a frame apart and sees neither web resource nor form", async ({
  page,
}) => {
  await (await openD365(page)).ready();
  const scripts = page.frame({ name: "ClientApiFrame_1" });
  expect(await scripts?.evaluate(() => document.querySelectorAll("iframe, pay-form").length)).toBe(0);
  expect(await page.evaluate(() => customElements.get("pay-form") === undefined)).toBe(true);
});

test("a credit card surcharge stands in the summary before paying, and is what is captured", async ({
  page,
}) => {
  const { typed, minor } = uniqueAmount();
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose(typed);
  await form.enterCard(cards.visa);
  await expect(form.root.getByText(/Card surcharge/).first()).toBeVisible();
  const totalMinor = await form.totalMinor();
  expect(totalMinor).toBeGreaterThan(minor);
  await form.payButton.click();
  await expect(form.receipt).toBeVisible();
  expect(await charges("acme", String(totalMinor))).toMatchObject([{ status: "captured" }]);
  expect(totalMinor).toBe(withSurcharge(minor, 250n));
});

test("a debit card carries no surcharge", async ({ page }) => {
  const { typed, minor } = uniqueAmount();
  const form = await openNetsuite(page);
  await form.payWith(cards.debit, typed);
  await expect(form.receipt).toBeVisible();
  expect(await charges("acme", String(minor))).toHaveLength(1);
});

test("the bank's 3-D Secure challenge is answered inside the form", everywhere, async ({ page }) => {
  const seen = await watch(page);
  const { typed } = uniqueAmount();
  const form = await openNetsuite(page);
  await form.payWith(cards.challenge, typed);
  await form
    .challengeFrame()
    .getByRole("button", { name: /approve/i })
    .click();
  await expect(form.receipt).toBeVisible();
  expectClean(seen);
});

test("a refused challenge is a decline in words, and another card then pays", async ({ page }) => {
  const { typed, minor } = uniqueAmount();
  const form = await openNetsuite(page);
  await form.payWith(cards.challenge, typed);
  await form
    .challengeFrame()
    .getByRole("button", { name: /decline/i })
    .click();
  await expect(form.alert(/could not confirm it was you/)).toBeVisible();
  await form.enterCard(cards.debit);
  await form.payButton.click();
  await expect(form.receipt).toBeVisible();
  expect((await charges("acme", String(minor))).filter(({ status }) => status === "captured")).toHaveLength(
    1,
  );
});

for (const [card, words] of [
  [cards.declined, /Your bank declined the payment/],
  [cards.insufficient, /too little credit/],
] as const) {
  test(`card ${card} is told: ${words.source}`, async ({ page }) => {
    const { typed } = uniqueAmount();
    const form = await openNetsuite(page);
    await form.payWith(card, typed);
    await expect(form.alert(words)).toBeVisible();
  });
}

test("more than the balance is refused in the field", async ({ page }) => {
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose("99999999.00");
  await expect(form.root.locator(".error", { hasText: /Enter at most/ })).toBeVisible();
});

test("a tenant that takes whole invoices only offers no amount to change, and all of it is asked for", async ({
  page,
}) => {
  clarity("flag", "set", "acme", "partial-payments", "false");
  try {
    // Servers hear of it within 2 s.
    await expect(async () => {
      const form = await openNetsuite(page);
      await form.ready();
      await form.choose();
      await expect(form.root.getByRole("textbox", { name: /amount to pay/i })).toHaveCount(0, {
        timeout: 500,
      });
      const row = form.root
        .getByRole("listitem")
        .filter({ has: page.getByRole("checkbox", { checked: true }) });
      const balance = /[\d,]+\.\d\d/.exec((await row.textContent()) ?? "")?.[0];
      expect(await form.totalMinor()).toBe(BigInt(balance?.replace(/\D/g, "") ?? -1));
    }).toPass({ timeout: 20_000 });
  } finally {
    clarity("flag", "unset", "acme", "partial-payments");
  }
});
