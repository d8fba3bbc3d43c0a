import { expect, type FrameLocator, type Locator, type Page } from "@playwright/test";

export const cards = {
  visa: "4242 4242 4242 4242",
  debit: "4000 0566 5566 5556",
  declined: "4000 0000 0000 0002",
  insufficient: "4000 0000 0000 9995",
  challenge: "4000 0027 6000 3184",
  chargedButSilent: "4000 0000 0000 4202",
  late: "4000 0000 0000 4210",
} as const;

/** The form as a payer meets it, in a page or in a frame of it. */
export class PayForm {
  readonly page: Page;
  readonly root: Locator;
  private readonly card: FrameLocator;
  constructor(page: Page, where: Page | FrameLocator = page, selector = "pay-form") {
    this.page = page;
    this.root = where.locator(selector);
    this.card = this.root.locator("iframe").first().contentFrame();
  }

  async ready(): Promise<this> {
    await expect(this.root.getByRole("checkbox").first()).toBeVisible({ timeout: 20_000 });
    return this;
  }

  /** Chooses the first payable invoice (or the named one) and sets what to pay of it. */
  async choose(amount?: string, invoice?: string | RegExp): Promise<void> {
    const box = invoice
      ? this.root.getByRole("checkbox", { name: invoice })
      : this.root.getByRole("checkbox", { disabled: false, name: /INV|\d{4}/ }).first();
    await box.check();
    if (amount) {
      const field = this.root.getByRole("textbox", { name: /amount to pay/i }).first();
      await field.fill(amount);
      await field.blur();
    }
  }

  async enterCard(number: string, expiry = "12 / 34", cvc = "123"): Promise<void> {
    await this.card.getByLabel(/card number/i).fill(number);
    await this.card.getByLabel(/expiry/i).fill(expiry);
    await this.card.getByLabel(/security code/i).fill(cvc);
  }

  get payButton(): Locator {
    return this.root.getByRole("button", { name: /^Pay(?! in full)/ });
  }
  get receipt(): Locator {
    return this.root.getByRole("heading", { name: "Payment received" });
  }
  get cardFrame(): FrameLocator {
    return this.card;
  }
  /** From now on notes every word it shows: some stand for less than a second, and whoever looks now and then misses them. */
  listen(): Promise<void> {
    return this.root.evaluate((element) => {
      const root = element.shadowRoot as ShadowRoot;
      const note = () =>
        Reflect.set(element, "said", `${Reflect.get(element, "said") ?? ""}\n${root.textContent}`);
      new MutationObserver(note).observe(root, { subtree: true, childList: true, characterData: true });
    });
  }
  saidSoFar(): Promise<string> {
    return this.root.evaluate((element) => String(Reflect.get(element, "said")));
  }
  alert(text: string | RegExp): Locator {
    return this.root.getByText(text);
  }
  challengeFrame(): FrameLocator {
    return this.root.locator("iframe[title*='bank' i], iframe[title*='confirm' i]").contentFrame();
  }

  /** What the button says will be taken, in minor units of a currency with two decimals. */
  async totalMinor(): Promise<bigint> {
    return BigInt(((await this.payButton.textContent()) ?? "").replace(/\D/g, ""));
  }

  /** Pays part of an invoice. @returns the total taken, surcharge included. */
  async payWith(number: string, amount: string, invoice?: string | RegExp): Promise<bigint> {
    await this.ready();
    await this.choose(amount, invoice);
    // The kind of card decides about a surcharge: once it is known, so is the price.
    const kind = this.page.waitForResponse(/\/bins\//);
    await this.enterCard(number);
    await kind;
    await expect(this.payButton).toHaveAttribute("aria-disabled", "false");
    const said = await this.totalMinor();
    // What is asked for, not what the button said a moment before; Firefox shows its driver no bodies.
    const sent = this.page.waitForRequest(
      (call) => call.method() === "POST" && call.url().endsWith("/v1/payments"),
    );
    await this.payButton.click();
    return BigInt((await sent).postDataJSON()?.shown.totalMinor ?? said);
  }
}
