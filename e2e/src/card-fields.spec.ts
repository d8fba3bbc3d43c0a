import { expect, type Page, test } from "@playwright/test";
import { uniqueAmount } from "./demo.ts";
import { openD365, openNetsuite } from "./pages/hosts.ts";
import { cards, type PayForm } from "./pages/pay-form.ts";

const fieldsOf = ({ cardFrame }: PayForm) => ({
  number: cardFrame.locator("#number"),
  expiry: cardFrame.locator("#expiry"),
  cvc: cardFrame.locator("#cvc"),
});

for (const [typed, shown] of [
  ["203412", "12 / 34"],
  ["2034/12", "12 / 34"],
  ["34/12", "12 / 34"],
  ["12-34", "12 / 34"],
  ["12 2034", "12 / 2034"],
  ["2034-12", "12 / 34"],
  ["12/2034", "12 / 2034"],
  ["1/34", "01 / 34"],
  ["1 34", "01 / 34"],
  ["429", "04 / 29"],
] as const)
  test(`an expiry written ${typed} is read, typed and pasted`, async ({ page }) => {
    const form = await openNetsuite(page);
    await form.ready();
    const { expiry, cvc } = fieldsOf(form);
    await expiry.pressSequentially(typed);
    await expect(expiry).toHaveValue(shown);
    await expiry.fill("");
    await expiry.fill(typed);
    await cvc.focus();
    await expect(expiry).toHaveValue(shown);
    await expect(expiry).not.toHaveAttribute("aria-invalid", "true");
  });

test("what a password manager filled in without an event pays at the first press", async ({ page }) => {
  const { typed } = uniqueAmount();
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose(typed);
  const { number } = fieldsOf(form);
  await expect(number).toBeVisible();
  await number.evaluate(() => {
    for (const [id, value] of [
      ["number", "4000056655665556"],
      ["expiry", "2034-12"],
      ["cvc", "123"],
    ] as const)
      (document.getElementById(id) as HTMLInputElement).value = value;
  });
  await form.payButton.click();
  await expect(form.receipt).toBeVisible();
});

test("the first press with empty fields shows what is missing, and the keyboard is in the first", async ({
  page,
}) => {
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose("20.00");
  const { number, expiry, cvc } = fieldsOf(form);
  await expect(number).toBeVisible();
  await form.payButton.click();
  for (const field of [number, expiry, cvc]) await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(number).toBeFocused();
});

test("a Maestro card of twelve digits is a card", async ({ page }) => {
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose("20.00");
  await form.enterCard("6304 0000 0000");
  const { number, cvc } = fieldsOf(form);
  await cvc.blur();
  await expect(form.cardFrame.locator("#brand")).toHaveText("Maestro");
  await number.focus();
  await number.blur();
  await expect(number).not.toHaveAttribute("aria-invalid", "true");
});

test("errors and the card's brand are read out, and belong to their field", async ({ page }) => {
  const form = await openNetsuite(page);
  await form.ready();
  const { number, expiry } = fieldsOf(form);
  const brand = form.cardFrame.getByRole("status");
  await number.pressSequentially("4242");
  await expect(brand).toHaveText("Visa");
  const error = form.cardFrame.locator("#number-error");
  // A live region has to be there before words come into it.
  await expect(error).toHaveAttribute("aria-live", "polite");
  expect(await error.evaluate((element) => getComputedStyle(element).display)).not.toBe("none");
  await expiry.focus();
  await expect(error).toHaveText("Check the card number.");
  await expect(number).toHaveAccessibleDescription(/Visa.*Check the card number\./);
  await number.fill("");
  await number.pressSequentially("5555");
  await expect(brand).toHaveText("Mastercard");
});

test.describe("under a finger", () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 390, height: 700 } });
  for (const size of ["13px", "0.8em", "15px", "20px"])
    test(`no field is below 16 px where the page's text is ${size}`, async ({ page }) => {
      const form = await openNetsuite(page);
      await form.ready();
      await form.root.evaluate(
        (element: HTMLElement, value) => element.style.setProperty("--pay-font-size", value),
        size,
      );
      // The frame hears of a host's own values with the next change of mode.
      await form.root.evaluate((element) => element.setAttribute("theme-mode", "light"));
      for (const field of Object.values(fieldsOf(form))) {
        await expect(field).toBeVisible();
        await expect
          .poll(() => field.evaluate((input) => Number.parseFloat(getComputedStyle(input).fontSize)))
          .toBeGreaterThanOrEqual(size === "20px" ? 20 : 16);
      }
    });
});

/** What moves by itself in the page from now on (Layout Instability). */
const watchShifts = (page: Page) =>
  page.evaluate(() => {
    Reflect.set(window, "shifts", []);
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) Reflect.get(window, "shifts").push(Reflect.get(entry, "value"));
    }).observe({ type: "layout-shift" });
  });

for (const { width, locale, size } of [
  { width: 1280, locale: "en", size: "" },
  { width: 390, locale: "en", size: "" },
  { width: 320, locale: "en", size: "" },
  { width: 320, locale: "de", size: "" },
  { width: 320, locale: "ar", size: "20px" },
  { width: 390, locale: "fr", size: "24px" },
])
  test(`the card frame has its height before it is seen: ${width} px, ${locale}, text ${size || "as it is"}`, async ({
    page,
  }) => {
    await page.setViewportSize({ width, height: 300 });
    if (size)
      await page.addInitScript((value) => {
        addEventListener("DOMContentLoaded", () => {
          for (const form of document.querySelectorAll("pay-form"))
            (form as HTMLElement).style.setProperty("--pay-font-size", value);
        });
      }, size);
    const form = await openNetsuite(page, { locale });
    await form.ready();
    const frame = form.root.locator("iframe").first();
    await expect(form.root.locator(".frame[data-status=ready]")).toBeVisible();
    const isOutOfSight = await frame.evaluate((element) => element.getBoundingClientRect().top > innerHeight);
    expect(isOutOfSight).toBe(true);
    const heightOf = () => frame.evaluate((element) => element.getBoundingClientRect().height);
    const wanted = () =>
      form.cardFrame.locator("body").evaluate((body) => Math.ceil(body.getBoundingClientRect().height));
    await expect.poll(async () => (await heightOf()) - (await wanted())).toBe(0);
    const before = await heightOf();
    await watchShifts(page);
    await frame.scrollIntoViewIfNeeded();
    await expect(fieldsOf(form).number).toBeInViewport();
    await page.evaluate(
      () =>
        new Promise((done) =>
          requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100))),
        ),
    );
    expect(await heightOf()).toBe(before);
    expect(await page.evaluate(() => Reflect.get(window, "shifts"))).toEqual([]);
  });

/** Every height that the card frame is painted with, in whichever frame of the page the form stands. */
const notingHeights = () => {
  Reflect.set(window, "heights", []);
  // Right after a paint, when all that belongs to it has been done.
  const look = () => requestAnimationFrame(() => setTimeout(note));
  const note = () => {
    const heights: number[] = Reflect.get(window, "heights");
    const frame = document.querySelector("pay-form")?.shadowRoot?.querySelector("iframe");
    if (frame?.offsetHeight && heights.at(-1) !== frame.offsetHeight) heights.push(frame.offsetHeight);
    look();
  };
  look();
};

for (const [name, open] of [
  ["condensed", openNetsuite],
  ["with labels", openD365],
] as const)
  for (const width of [1280, 320])
    test(`the room kept for fields that are ${name} is what they take, ${width} px: nothing moves when they come`, async ({
      page,
    }) => {
      await page.setViewportSize({ width, height: 2_000 });
      await page.addInitScript(notingHeights);
      const form = await open(page);
      await expect(fieldsOf(form).number).toBeVisible();
      await expect(form.root.locator(".frame[data-status=ready]")).toBeVisible();
      // What is told late is told with the next paints.
      await form.root.evaluate(
        () =>
          new Promise((done) =>
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 200))),
          ),
      );
      expect(await form.root.evaluate(() => Reflect.get(window, "heights"))).toHaveLength(1);
    });

test("the paste path still works: a card pasted with the keyboard pays", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write", "local-network-access"]);
  const { typed } = uniqueAmount();
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose(typed);
  const { number, expiry, cvc } = fieldsOf(form);
  for (const [field, text] of [
    [number, cards.debit],
    [expiry, "2034/12"],
    [cvc, "123"],
  ] as const) {
    await page.evaluate((value) => navigator.clipboard.writeText(value), text).catch(() => {});
    await field.focus();
    await page.keyboard.press("ControlOrMeta+v");
  }
  await expect(number).toHaveValue(cards.debit);
  await expect(expiry).toHaveValue("12 / 34");
  await form.payButton.click();
  await expect(form.receipt).toBeVisible();
});
