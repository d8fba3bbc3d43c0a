import { type CDPSession, expect, type Locator, type Page, test } from "@playwright/test";
import { openNetsuite } from "./pages/hosts.ts";
import type { PayForm } from "./pages/pay-form.ts";

/** An input method that composes `drafts` one after the other, as Chromium's own tests drive it. */
class InputMethod {
  readonly cdp: CDPSession;
  constructor(cdp: CDPSession) {
    this.cdp = cdp;
  }
  async compose(...drafts: string[]): Promise<void> {
    for (const text of drafts)
      await this.cdp.send("Input.imeSetComposition", {
        text,
        selectionStart: text.length,
        selectionEnd: text.length,
      });
  }
  /** The key that an input method keeps for itself: code 229, before or (Safari) after the composition has ended. */
  async enter(): Promise<void> {
    const key = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 229 };
    await this.cdp.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...key });
    await this.cdp.send("Input.dispatchKeyEvent", { type: "keyUp", ...key });
  }
  async commit(text: string): Promise<void> {
    await this.cdp.send("Input.insertText", { text });
  }
}

async function inputMethodOf(page: Page, field: Locator): Promise<InputMethod> {
  await field.focus();
  const frame = page.frames().find((each) => each.url().includes("/card?"));
  const isInFrame = (await field.getAttribute("id")) !== null;
  if (isInFrame && !frame) throw new Error("no card frame");
  return new InputMethod(await page.context().newCDPSession(isInFrame && frame ? frame : page));
}

const sentPayments = (page: Page) => {
  const sent: string[] = [];
  page.on("request", (call) => {
    if (call.method() === "POST" && /\/v1\/(payments|tokens)/.test(call.url())) sent.push(call.url());
  });
  return sent;
};

const cardFields = (form: PayForm) => ({
  number: form.cardFrame.getByLabel(/card number/i),
  expiry: form.cardFrame.getByLabel(/expiry/i),
  cvc: form.cardFrame.getByLabel(/security code/i),
});

test("a card number that is composed stands there once, and Enter that ends the composition pays nothing", async ({
  page,
}) => {
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose("20.00");
  const sent = sentPayments(page);
  const { number, expiry, cvc } = cardFields(form);
  await form.enterCard("", "12 / 34", "123");
  const ime = await inputMethodOf(page, number);
  await ime.compose("４", "４０", "４０００", "４００００５６６");
  await expect(number).toHaveValue("４００００５６６");
  await ime.enter();
  await ime.commit("４００００５６６");
  await expect(number).toHaveValue("4000 0566");
  await ime.compose("５５６６", "５５６６５５５６");
  await ime.commit("５５６６５５５６");
  await ime.enter();
  await expect(number).toHaveValue("4000 0566 5566 5556");
  await expect(form.payButton).toHaveAttribute("aria-disabled", "false");
  expect(sent).toEqual([]);
  await expiry.fill("");
  const other = await inputMethodOf(page, expiry);
  await other.compose("１", "１２", "１２／", "１２／３４");
  await other.enter();
  await other.commit("１２／３４");
  await other.enter();
  await expect(expiry).toHaveValue("12 / 34");
  await cvc.fill("");
  const last = await inputMethodOf(page, cvc);
  await last.compose("１２３");
  await last.enter();
  await last.commit("１２３");
  await last.enter();
  await expect(cvc).toHaveValue("123");
  expect(sent).toEqual([]);
  // Enter that means to send does.
  await cvc.press("Enter");
  await expect(form.receipt).toBeVisible();
});

test("an amount that is composed is read once it stands, and Enter that ends the composition pays nothing", async ({
  page,
}) => {
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose("20.00");
  await form.enterCard("4000 0566 5566 5556");
  const sent = sentPayments(page);
  const amount = form.root.getByRole("textbox", { name: /amount to pay/i }).first();
  await amount.fill("");
  const ime = await inputMethodOf(page, amount);
  await ime.compose("２", "２１", "２１．", "２１．５０");
  await expect(amount).toHaveValue("２１．５０");
  await expect(form.payButton).toHaveText("Pay $21.50");
  await ime.enter();
  await ime.commit("２１．５０");
  await ime.enter();
  await expect(amount).toHaveValue("２１．５０");
  await expect(form.payButton).toHaveText("Pay $21.50");
  expect(sent).toEqual([]);
  await amount.blur();
  await expect(amount).toHaveValue("21.50");
});

for (const [script, number, expiry, cvc] of [
  ["full-width", "４０００　０５６６　５５６６　５５５６", "１２／３４", "１２３"],
  ["Arabic-Indic", "٤٠٠٠٠٥٦٦٥٥٦٦٥٥٥٦", "١٢/٣٤", "١٢٣"],
  ["Devanagari", "४०००-०५६६-५५६६-५५५६", "१२-३४", "१२३"],
  [
    "pasted",
    "\u202d4000\u00a00566\u200b\u00a05566\u202f5556\ufeff\u202c",
    "12\u00a0/\u00a02034",
    "\u200b123\u2060",
  ],
] as const)
  test(`a card in ${script} digits is read`, async ({ page }) => {
    const form = await openNetsuite(page);
    await form.ready();
    await form.choose("20.00");
    await form.enterCard(number, expiry, cvc);
    const fields = cardFields(form);
    await expect(fields.number).toHaveValue("4000 0566 5566 5556");
    await expect(fields.expiry).toHaveValue(/^12 \/ (20)?34$/);
    await expect(fields.cvc).toHaveValue("123");
    await expect(form.payButton).toHaveAttribute("aria-disabled", "false");
  });

test("a card field of which nothing can be read says so", async ({ page }) => {
  const form = await openNetsuite(page);
  await form.ready();
  const { number, expiry, cvc } = cardFields(form);
  await number.fill("四二四二");
  await expect(form.cardFrame.getByText("Check the card number.")).toBeVisible();
  await expiry.fill("Dezember");
  await expect(form.cardFrame.getByText(/Enter month and year/)).toBeVisible();
  await cvc.fill("abc");
  await expect(form.cardFrame.getByText("Enter the 3 or 4 digits from your card.")).toBeVisible();
});

const words: Record<string, RegExp> = {
  en: /two different amounts/,
  de: /zwei verschiedene Beträge/,
  es: /dos importes distintos/,
  fr: /de deux façons/,
  ar: /بطريقتين مختلفتين/,
};
for (const [locale, text] of Object.entries(words))
  test(`an amount of KWD that could be two is refused in words of ${locale}, and pays nothing`, async ({
    page,
  }) => {
    const form = await openNetsuite(page, { customer: "1043", locale });
    await form.ready();
    const row = form.root
      .getByRole("listitem")
      .filter({ hasText: /KWD|د\.ك/ })
      .first();
    await row.getByRole("checkbox").check();
    const amount = row.getByRole("textbox");
    const full = await amount.inputValue();
    await amount.fill(locale === "de" || locale === "es" ? "0.500" : locale === "fr" ? "0.500" : "0,500");
    await amount.blur();
    await expect(row.getByText(text)).toContainText(full);
    await expect(form.root.locator("[part~=total] dd")).toHaveText("–");
    await amount.fill(new Intl.NumberFormat(locale, { minimumFractionDigits: 3 }).format(0.5));
    await amount.blur();
    await expect(row.getByText(text)).toHaveCount(0);
    await expect(amount).toHaveAttribute("aria-invalid", "false");
  });

test("what was pasted as an amount with signs around it is read or refused, never as more or less", async ({
  page,
}) => {
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose("20.00");
  const amount = form.root.getByRole("textbox", { name: /amount to pay/i }).first();
  for (const [typed, pay] of [
    ["$21.50", "Pay $21.50"],
    ["\u00a0USD\u00a021.50 ", "Pay $21.50"],
    ["\u200b２１，50", "Pay $21.50"],
    ["€21.50", "Pay"],
    ["-21.50", "Pay"],
    ["−21.50", "Pay"],
    ["(21.50)", "Pay"],
    ["0,500", "Pay"],
  ] as const) {
    await amount.fill(typed);
    await amount.blur();
    await expect(form.payButton, typed).toHaveText(pay);
  }
});
