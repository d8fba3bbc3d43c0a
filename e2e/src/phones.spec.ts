import { expect, type Page, test } from "@playwright/test";
import { alter, manyInvoices } from "./pages/altered.ts";
import { openNetsuite } from "./pages/hosts.ts";
import type { PayForm } from "./pages/pay-form.ts";

const rowHeights = (form: PayForm) =>
  form.root
    .getByRole("listitem")
    .evaluateAll((rows) => rows.map((row) => Math.round(row.getBoundingClientRect().height)));

for (const width of [1280, 390, 320])
  test(`a row is as high chosen as before, and nothing moves beside it, ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    await alter(page, /\/v1\/(session|invoices)$/, manyInvoices(8));
    const form = await openNetsuite(page);
    await form.ready();
    const before = await rowHeights(form);
    const boxes = form.root.getByRole("checkbox");
    for (const at of [0, 2, 3]) await boxes.nth(at).check();
    await expect(form.root.getByRole("textbox", { name: /amount to pay/i })).toHaveCount(3);
    expect(await rowHeights(form)).toEqual(before);
  });

test("on a phone a bar says what is chosen and leads to the card", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 700 });
  await alter(page, /\/v1\/(session|invoices)$/, manyInvoices(8));
  const form = await openNetsuite(page);
  await form.ready();
  const onward = form.root.getByRole("button", { name: "Continue" });
  await expect(onward).toHaveCount(0);
  await form.root.getByRole("checkbox").nth(1).check();
  await expect(onward).toBeInViewport();
  await expect(form.root.locator("[part=bar]")).toContainText("Invoices (1)");
  await expect(form.root.locator("[part=bar]")).toContainText(
    (await form.payButton.textContent())?.replace("Pay", "").trim() ?? "?",
  );
  await onward.click();
  await expect(form.root.getByRole("heading", { name: "Card details" })).toBeFocused();
  await expect(form.cardFrame.getByLabel(/card number/i)).toBeInViewport();
  await page.setViewportSize({ width: 1280, height: 900 });
  await expect(onward).toBeHidden();
});

/** Words that stand on more than one line without a hyphen, and buttons that hold more than they show. */
const broken = (form: PayForm) =>
  form.root.evaluate((element) => {
    const root = element.shadowRoot?.querySelector(".root");
    if (!root) return ["no form"];
    const found: string[] = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (!parent?.checkVisibility() || parent.closest(".hidden, bdi, code, style")) continue;
      for (const match of (node.textContent ?? "").matchAll(/[^\s\-–—/\u00ad]+/g)) {
        const range = document.createRange();
        range.setStart(node, match.index);
        range.setEnd(node, match.index + match[0].length);
        const lines = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
        if (lines.size > 1 && getComputedStyle(parent).hyphens !== "auto") found.push(match[0]);
        // Where the browser has no hyphens of this language a word may be broken only where it does not fit a line.
        if (lines.size > 1 && range.getBoundingClientRect().width < parent.clientWidth * 0.9)
          found.push(match[0]);
      }
    }
    for (const button of root.querySelectorAll("button"))
      if (button.scrollWidth > button.clientWidth + 1) found.push(`clipped: ${button.textContent?.trim()}`);
    const page = element.ownerDocument.documentElement;
    if (page.scrollWidth > page.clientWidth) found.push("scrolls sideways");
    return found;
  });

for (const locale of ["en", "de", "es", "fr", "ar"])
  test(`at 320 px no word of ${locale} is broken and no button clipped`, async ({ page }) => {
    await page.setViewportSize({ width: 320, height: 700 });
    const form = await openNetsuite(page, { customer: "1043", locale });
    await form.ready();
    const first = form.root.getByRole("checkbox", { disabled: false }).first();
    await first.check();
    const amount = form.root.getByRole("textbox").last();
    for (const typed of ["1", "99999999", ""]) {
      await amount.fill(typed);
      await amount.press("Enter");
      expect(await broken(form), typed).toEqual([]);
    }
  });

test.describe("touched", () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 800 } });
  test("no field is smaller than 16 px, or iOS zooms into it, whatever the host's and the seller's type", async ({
    page,
  }) => {
    await alter(page, /\/v1\/(session|invoices)$/, manyInvoices(12));
    const form = await openNetsuite(page);
    await form.ready();
    await form.root.evaluate((element: HTMLElement) => element.style.setProperty("--pay-font-size", "12px"));
    await form.root.getByRole("checkbox").first().check();
    const sizes = await form.root.evaluate((element) =>
      [...(element.shadowRoot?.querySelectorAll("input:not([type=checkbox])") ?? [])].map((field) =>
        Number.parseFloat(getComputedStyle(field).fontSize),
      ),
    );
    expect(sizes).toHaveLength(2);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(16);
  });
});

const hostScheme = (page: Page, scheme: string) =>
  page.evaluate((value) => document.documentElement.style.setProperty("color-scheme", value), scheme);

test("auto follows the page's color-scheme where the form stands, not the system's, and every change of it", async ({
  page,
}) => {
  await page.emulateMedia({ colorScheme: "dark" });
  const form = await openNetsuite(page);
  await form.ready();
  const scheme = () =>
    form.root.evaluate((element) => {
      const root = element.shadowRoot?.querySelector(".root");
      const [red = 0] = root ? (getComputedStyle(root).color.match(/\d+/g) ?? []).map(Number) : [];
      return `${root && getComputedStyle(root).colorScheme}, text ${red > 128 ? "light" : "dark"}`;
    });
  const inFrame = () =>
    form.cardFrame.locator(":root").evaluate((root) => getComputedStyle(root).colorScheme);
  // The stand-in's page is white and says so.
  await expect.poll(scheme).toBe("light, text dark");
  await expect.poll(inFrame).toBe("light");
  for (const [host, is, text] of [
    ["dark", "dark", "light"],
    ["normal", "light", "dark"],
    ["light dark", "dark", "light"],
    ["only light", "light", "dark"],
  ] as const) {
    await hostScheme(page, host);
    await expect.poll(scheme, host).toBe(`${is}, text ${text}`);
    await expect.poll(inFrame, host).toBe(is);
  }
  await hostScheme(page, "light dark");
  await page.emulateMedia({ colorScheme: "light" });
  await expect.poll(scheme).toBe("light, text dark");
  await form.root.evaluate((element: HTMLElement) => element.style.setProperty("color-scheme", "dark"));
  await expect.poll(scheme).toBe("dark, text light");
  await form.root.evaluate((element) => element.setAttribute("theme-mode", "light"));
  await expect.poll(scheme).toBe("light, text dark");
});

test("what is loading can be seen on white, also where the system is dark", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  await page.route(/\/v1\/session$/, () => {});
  const form = await openNetsuite(page);
  const bar = form.root.locator("[part=skeleton] i").first();
  await expect(bar).toBeVisible();
  const [red = 0, green = 0, blue = 0, alpha = 1] = await bar.evaluate((element) =>
    (getComputedStyle(element).backgroundColor.match(/[\d.]+/g) ?? []).map(Number),
  );
  const onWhite = [red, green, blue].map((part) => 255 - (255 - part) * alpha);
  expect(Math.max(...onWhite)).toBeLessThan(225);
});
