import { expect, type Page, test } from "@playwright/test";
import { charges, mails, posted, uniqueAmount, urls } from "./demo.ts";
import { everywhere, skipWithoutFirefox } from "./pages/everywhere.ts";
import { openWebsite } from "./pages/hosts.ts";
import { cards, type PayForm } from "./pages/pay-form.ts";

skipWithoutFirefox();

const focused = (form: PayForm) =>
  form.root.evaluate((element) => element.shadowRoot?.activeElement?.getAttribute("data-focus") ?? "");
const taken = (page: Page): Promise<string[]> => page.evaluate(() => Reflect.get(window, "shortcuts"));
const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

test(
  "a page of many hands: moved, taken out and put back, and paid there with 3-D Secure, once",
  everywhere,
  async ({ page }) => {
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    const { typed } = uniqueAmount();
    const form = await openWebsite(page);
    await form.ready();
    await press(page, "History");
    await expect(form.root).toHaveCount(0);
    await press(page, "Pay");
    await form.ready();
    await form.choose();
    const amount = form.root.getByRole("textbox", { name: /amount to pay/i }).first();
    // As people do it: the page has the mouse, every key and the clipboard in its hands.
    await amount.click();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.press("Backspace");
    await page.keyboard.type(typed);
    await expect(amount).toHaveValue(typed);
    await amount.blur();
    const minor = await form.payWith(cards.challenge, typed);
    await form.challengeFrame().getByRole("button", { name: "Approve" }).click({ timeout: 30_000 });
    await expect(form.receipt).toBeVisible();
    expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
    await expect.poll(() => posted("netsuite", typed), { timeout: 20_000 }).toHaveLength(1);
    await expect.poll(() => mails(typed), { timeout: 20_000 }).toHaveLength(1);
    expect(await taken(page)).toEqual([]);
    expect(errors).toEqual([]);
  },
);

test(
  "keys typed into a field are the field's, and the page's shortcuts work beside it",
  everywhere,
  async ({ page }) => {
    const form = await openWebsite(page);
    await form.ready();
    await form.choose();
    const amount = form.root.getByRole("textbox", { name: /amount to pay/i }).first();
    await amount.click();
    await page.keyboard.press("ControlOrMeta+a");
    for (const key of "1/2 3,s.g") await page.keyboard.press(key === " " ? "Space" : key);
    await expect(amount).toHaveValue("1/2 3,s.g");
    await page.keyboard.press("Backspace");
    await page.keyboard.press("Enter");
    await expect(amount).toHaveValue("1/2 3,s.");
    expect(await focused(form)).toMatch(/^amount:/);
    expect(await taken(page)).toEqual([]);
    await page.keyboard.press("Escape");
    expect(await taken(page)).toEqual(["escape"]);
    // A box is no text: the page's keys are its own there, but for the one that presses it.
    const box = form.root.getByRole("checkbox", { disabled: false, name: /INV/ }).first();
    await box.focus();
    await page.keyboard.press("Space");
    await expect(box).not.toBeChecked();
    await page.keyboard.press("s");
    expect(await taken(page)).toEqual(["escape", "hotkeys"]);
  },
);

test("in a modal dialog of the page's the form is used, and Escape closes the dialog", async ({ page }) => {
  const form = await openWebsite(page);
  await form.ready();
  await press(page, "Pay in a dialog");
  await form.ready();
  await form.choose("20.00");
  await form.enterCard(cards.debit);
  await expect(form.payButton).toHaveAttribute("aria-disabled", "false");
  await form.root
    .getByRole("textbox", { name: /amount to pay/i })
    .first()
    .click();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  expect(await page.evaluate(() => location.href)).toBe(`${urls.website}/website/billing`);
});
