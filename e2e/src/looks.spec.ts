import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { uniqueAmount } from "./demo.ts";
import { d365Frames, openD365, openNetsuite } from "./pages/hosts.ts";
import { cards } from "./pages/pay-form.ts";

/** WCAG 2.2 A and AA over the form and every frame in it; the host page around is not ours to judge. */
async function expectAccessible(page: Page, include: string | string[]): Promise<void> {
  // axe would register with the host's AMD loader, which is a trap here; our own scripts have long loaded.
  await page.evaluate(() => Reflect.set(globalThis, "define", undefined));
  const { violations } = await new AxeBuilder({ page })
    .include(include)
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
    .analyze();
  expect(
    violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`),
  ).toEqual([]);
}

for (const themeMode of ["light", "dark"] as const) {
  test(`every state of the form has no axe violation, ${themeMode}`, async ({ page }) => {
    const { typed } = uniqueAmount();
    const form = await openNetsuite(page, { themeMode });
    await form.ready();
    await expectAccessible(page, "pay-form");
    await form.choose("99999999");
    await form.enterCard("4242 4242 4242 4241");
    await form.cardFrame.getByLabel(/security code/i).blur();
    await expectAccessible(page, "pay-form");
    await form.root
      .getByRole("textbox", { name: /amount to pay/i })
      .first()
      .fill(typed);
    await form.enterCard(cards.challenge);
    await form.payButton.click();
    await expect(form.challengeFrame().getByRole("button", { name: /approve/i })).toBeVisible();
    await expectAccessible(page, "pay-form");
    await form
      .challengeFrame()
      .getByRole("button", { name: /approve/i })
      .click();
    await expect(form.receipt).toBeVisible();
    await expectAccessible(page, "pay-form");
  });

  test(`the form in the D365 frame has no axe violation, ${themeMode}`, async ({ page }) => {
    const form = await openD365(page, { themeMode });
    await form.ready();
    const scheme = await form.root.evaluate((element) => {
      const root = element.shadowRoot?.querySelector(".root");
      return root ? getComputedStyle(root).colorScheme : "no form";
    });
    expect(scheme).toBe(themeMode);
    const frame = form.cardFrame.locator(":root");
    await expect.poll(() => frame.evaluate((root) => getComputedStyle(root).colorScheme)).toBe(themeMode);
    await expectAccessible(page, [...d365Frames]);
  });
}

test("at 320 px nothing scrolls sideways", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 720 });
  const form = await openD365(page);
  await form.ready();
  await form.choose();
  const sideways = await form.root.evaluate((element) => {
    const root = element.ownerDocument.documentElement;
    return root.scrollWidth - root.clientWidth;
  });
  expect(sideways).toBeLessThanOrEqual(0);
});

for (const [locale, dir, words] of [
  ["es", "ltr", /Facturas/i],
  ["fr", "ltr", /Factures/i],
  ["de", "ltr", /Rechnungen/i],
  ["ar", "rtl", /الفواتير|فواتير/],
] as const) {
  test(`the form speaks ${locale}, ${dir}`, async ({ page }) => {
    const form = await openNetsuite(page, { locale });
    await form.ready();
    await expect(form.root.getByText(words).first()).toBeVisible();
    const direction = await form.root.evaluate(
      (element) => getComputedStyle(element.shadowRoot?.firstElementChild ?? element).direction,
    );
    expect(direction).toBe(dir);
  });
}

test("the keyboard alone pays", async ({ page }) => {
  const { typed } = uniqueAmount();
  const form = await openNetsuite(page);
  await form.ready();
  await form.root.getByRole("checkbox", { disabled: false, name: /INV/ }).first().focus();
  await page.keyboard.press("Space");
  const focusedName = () =>
    page.evaluate(() => {
      let active: Element | null = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      return `${active?.tagName} ${active?.getAttribute("aria-label") ?? active?.textContent ?? ""}`;
    });
  const tabTo = async (wanted: RegExp) => {
    for (let presses = 0; presses < 120; presses++) {
      if (wanted.test(await focusedName())) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`no tab stop ${wanted}; stopped at ${await focusedName()}`);
  };
  await tabTo(/^INPUT.*amount/i);
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type(typed);
  await tabTo(/^IFRAME/);
  await page.keyboard.type("4000056655665556");
  await page.keyboard.press("Tab");
  await page.keyboard.type("1234");
  await page.keyboard.press("Tab");
  await page.keyboard.type("123");
  await page.keyboard.press("Tab");
  await tabTo(/^BUTTON\s+Pay/);
  await page.keyboard.press("Enter");
  await expect(form.receipt).toBeVisible();
});

test("a host page may override --pay-* and its hostile CSS changes nothing else", async ({ page }) => {
  const form = await openNetsuite(page);
  await form.ready();
  // With nothing chosen the button does not wear the seller's colour.
  await form.choose();
  const before = await form.payButton.evaluate((button) => getComputedStyle(button).backgroundColor);
  await form.root.evaluate((element: HTMLElement) =>
    element.style.setProperty("--pay-primary", "rgb(1, 2, 3)"),
  );
  await expect
    .poll(() => form.payButton.evaluate((button) => getComputedStyle(button).backgroundColor))
    .toBe("rgb(1, 2, 3)");
  expect(before).not.toBe("rgb(1, 2, 3)");
});

test("the two tenants look different", async ({ page }) => {
  const colourOf = async (form: Awaited<ReturnType<typeof openNetsuite>>) => {
    await form.choose();
    return form.payButton.evaluate((button) => getComputedStyle(button).backgroundColor);
  };
  const acme = await (await openNetsuite(page)).ready();
  const one = await colourOf(acme);
  const globex = await (await openD365(page)).ready();
  expect(await colourOf(globex)).not.toBe(one);
});
