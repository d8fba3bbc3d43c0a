import { expect, type Page, test } from "@playwright/test";
import { uniqueAmount } from "./demo.ts";
import { alter, manyInvoices } from "./pages/altered.ts";
import { openNetsuite } from "./pages/hosts.ts";
import { cards, type PayForm } from "./pages/pay-form.ts";

const open = async (page: Page, count: number) => {
  await alter(page, /\/v1\/(session|invoices)$/, manyInvoices(count));
  const form = await openNetsuite(page);
  return form.ready();
};

const focused = (page: Page) =>
  page.evaluate(() => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    return active?.getAttribute("data-focus") ?? active?.localName ?? "";
  });

test("35 chosen invoices are a few Tab stops; arrows, Home and End go through rows and through amounts", async ({
  page,
}) => {
  const form = await open(page, 35);
  await form.root.getByRole("button", { name: /Select all/ }).click();
  await expect(form.root.getByRole("textbox", { name: /amount to pay/i })).toHaveCount(35);
  await expect(form.cardFrame.getByLabel(/card number/i)).toBeVisible();
  await form.root.getByRole("searchbox").focus();
  const stops: string[] = [];
  for (let presses = 0; presses < 100 && stops.at(-1) !== "iframe"; presses++) {
    await page.keyboard.press("Tab");
    stops.push(await focused(page));
  }
  expect(stops).toEqual([
    // “Clear”.
    "button",
    expect.stringMatching(/^row:.*-0$/),
    expect.stringMatching(/^amount:.*-0$/),
    "iframe",
  ]);
  const first = form.root.getByRole("checkbox").first();
  await first.focus();
  for (const [key, row] of [
    ["ArrowDown", 1],
    ["ArrowDown", 2],
    ["ArrowUp", 1],
    ["End", 34],
    ["ArrowDown", 34],
    ["PageUp", 24],
    ["Home", 0],
    ["PageDown", 10],
  ] as const) {
    await page.keyboard.press(key);
    expect(await focused(page), key).toMatch(new RegExp(`^row:.*-${row}$`));
  }
  await page.keyboard.press("Space");
  await expect(form.root.getByRole("checkbox").nth(10)).not.toBeChecked();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  expect(await focused(page)).toMatch(/^amount:.*-11$/);
  await page.keyboard.press("ArrowUp");
  // Row 10 has no amount any more.
  expect(await focused(page)).toMatch(/^amount:.*-9$/);
  await expect(form.root.getByRole("group").first()).toHaveAccessibleDescription(/Arrow keys/);
});

test("of 5,000 invoices a key changes what it is about and nothing else", async ({ page }) => {
  test.setTimeout(120_000);
  const form = await open(page, 5000);
  await form.root.getByRole("button", { name: /^Show all/ }).click();
  await expect(form.root.getByRole("listitem")).toHaveCount(5000, { timeout: 60_000 });
  await expect(form.root.getByRole("listitem").last()).toHaveAttribute("aria-setsize", "5000");
  await form.root.getByRole("checkbox").nth(1).check();
  await form.root.evaluate((element) => {
    const seen = { changes: 0 };
    new MutationObserver((changes) => {
      seen.changes += changes.length;
    }).observe(element.shadowRoot as ShadowRoot, {
      subtree: true,
      childList: true,
      attributes: true,
      characterData: true,
    });
    Object.assign(window, { seen });
  });
  const changes = async (press: () => Promise<unknown>) => {
    await page.evaluate(() => Object.assign(window.seen, { changes: 0 }));
    await press();
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
    return page.evaluate(() => window.seen.changes);
  };
  const amount = form.root.getByRole("textbox", { name: /amount to pay/i }).first();
  await amount.focus();
  await page.keyboard.press("Home");
  expect(await changes(() => page.keyboard.press("1"))).toBeLessThan(60);
  await form.root.getByRole("checkbox").nth(7).focus();
  expect(await changes(() => page.keyboard.press("Space"))).toBeLessThan(60);
  expect(await changes(() => page.keyboard.press("ArrowDown"))).toBeLessThan(20);
  await form.root.getByRole("searchbox").focus();
  // All of them match; the first few are drawn.
  expect(await changes(() => page.keyboard.type("I"))).toBeLessThan(400);
  await expect(form.root.getByRole("listitem")).toHaveCount(10);
  await form.root.getByRole("searchbox").fill("24999");
  const last = form.root.locator("[data-focus$='-4999'][type=checkbox]").filter({ visible: true });
  await last.check();
  await form.root.getByRole("searchbox").fill("");
  await expect(last).toBeChecked();
});

declare global {
  interface Window {
    seen: { changes: number };
  }
}

test("select all takes as many as one payment holds, drawn or not, and says so", async ({ page }) => {
  const form = await open(page, 5000);
  await form.root.getByRole("button", { name: /^Select all/ }).click();
  await expect(form.root.getByRole("status").first()).toHaveText(/Selected: 100\./);
  await expect(form.root.getByText("One payment covers up to 100 invoices.")).toBeVisible();
  await expect(form.root.getByRole("checkbox", { checked: true })).toHaveCount(100);
  const search = form.root.getByRole("searchbox");
  await search.fill("24999");
  // One more is not taken, and the box does not look as if it were.
  await form.root.getByRole("checkbox", { name: /INV-24999/ }).click();
  await expect(form.root.getByRole("checkbox", { name: /INV-24999/ })).not.toBeChecked();
});

test("a locked currency says so once, with the way to it", async ({ page }) => {
  const form = await openNetsuite(page, { customer: "1043" });
  await form.ready();
  await form.choose();
  const note = form.root.getByText(/One payment covers one currency/);
  const groups = form.root
    .getByRole("group")
    .filter({ has: page.getByText(/One payment covers one currency/) });
  expect(await note.filter({ visible: true }).count()).toBe(await groups.count());
  const locked = groups.first();
  await expect(locked).toHaveAccessibleDescription(/One payment covers one currency/);
  await expect(locked.getByRole("checkbox").first()).toBeDisabled();
  await expect(locked.getByRole("checkbox").first()).not.toHaveAccessibleDescription(/currency/);
  await locked.getByRole("button", { name: /^Choose .* instead/ }).click();
  await expect(note.filter({ visible: true })).toHaveCount(0);
  await expect(form.root.getByRole("checkbox", { checked: true })).toHaveCount(0);
});

test("an amount that was put into its field without any event is what the first press pays", async ({
  page,
}) => {
  const { typed, minor } = uniqueAmount();
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose("20.00");
  await form.enterCard(cards.debit);
  const amount = form.root.getByRole("textbox", { name: /amount to pay/i }).first();
  await amount.evaluate((field: HTMLInputElement, text) => {
    field.value = text;
  }, typed);
  const sent = page.waitForRequest((call) => call.method() === "POST" && call.url().endsWith("/v1/payments"));
  await form.payButton.click();
  expect((await sent).postDataJSON()).toMatchObject({
    lines: [{ amountMinor: String(minor) }],
    shown: { totalMinor: String(minor) },
  });
  await expect(form.receipt).toBeVisible();
});

test("names and numbers of others stand apart, whichever side they are written from", async ({ page }) => {
  const number = "فاتورة-12/ב\u202e";
  await alter(page, /\/v1\/session$/, (answer) => ({
    ...answer,
    customer: { ...answer.customer, name: "שלום (12) Ltd" },
    invoices: answer.invoices.map((invoice: object) => ({ ...invoice, number })),
  }));
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose();
  const loose = await form.root.evaluate((element) => {
    const walker = document.createTreeWalker(element.shadowRoot as ShadowRoot, NodeFilter.SHOW_TEXT);
    const found: string[] = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode())
      if (/[\u0590-\u06ff]/.test(node.textContent ?? "") && !node.parentElement?.closest("bdi"))
        found.push(node.textContent ?? "");
    return found.filter((text) => !/\u2068[^\u2069]*[\u0590-\u06ff][^\u2069]*\u2069/.test(text));
  });
  expect(loose).toEqual([]);
  const label = await form.root
    .getByRole("textbox", { name: /amount to pay/i })
    .first()
    .getAttribute("aria-label");
  expect(label).toBe("Amount to pay for \u2068فاتورة-12/ב\u2069");
});

test("what the payer approves in the bank's app ends the challenge within 3 s", async ({ page, context }) => {
  const form: PayForm = await openNetsuite(page);
  await form.payWith(cards.challenge, uniqueAmount().typed);
  await expect(form.challengeFrame().getByRole("button", { name: "Approve" })).toBeVisible();
  const address = await form.root.locator("iframe[title*='bank' i]").getAttribute("src");
  const app = await context.newPage();
  await app.goto(address ?? "");
  await app.getByRole("button", { name: "Approve" }).click();
  const approvedAt = Date.now();
  await page.bringToFront();
  await expect(form.receipt).toBeVisible();
  expect(Date.now() - approvedAt).toBeLessThan(3000);
});
