import { expect, test } from "@playwright/test";
import { charges, embedToken, uniqueAmount } from "./demo.ts";
import {
  cascade,
  eventsOf,
  expectWorking,
  moveInPage,
  openElement,
  openFor,
  setAttribute,
} from "./pages/host-element.ts";
import { cards, PayForm } from "./pages/pay-form.ts";

/** Whatever a host page does with the element: working fields, or a way to try again. */
test.use({ permissions: ["local-network-access"] });

test.describe("moved", () => {
  test("in the page: the card fields work again, the choice stays", async ({ page }) => {
    const form = await openFor(page);
    await expectWorking(form);
    await moveInPage(page);
    await form.enterCard(cards.debit);
    await expect(form.payButton).toContainText("20.00");
    await form.payButton.click();
    await expect(form.receipt).toBeVisible();
    expect(await eventsOf(page, "pay-success")).toHaveLength(1);
  });

  test("by moveBefore(): not even the digits are lost", async ({ page }) => {
    const form = await openFor(page);
    await expectWorking(form);
    await page.evaluate(() => {
      const there = document.querySelector("#there") as Element & {
        moveBefore(node: Node, child: null): void;
      };
      there.moveBefore(window.form, null);
    });
    await expect(form.cardFrame.getByLabel(/card number/i)).toHaveValue(cards.debit);
    await form.payButton.click();
    await expect(form.receipt).toBeVisible();
  });

  test("while the card is looked at: nothing is charged, and pressing again pays once", async ({ page }) => {
    const { typed, minor } = uniqueAmount();
    const form = await openFor(page);
    const gate = Promise.withResolvers<void>();
    await page.route(
      "**/v1/tokens",
      async (route) => {
        await gate.promise;
        await route.abort().catch(() => {});
      },
      { times: 1 },
    );
    await form.ready();
    await form.choose(typed);
    await form.enterCard(cards.debit);
    await form.payButton.click();
    await expect(form.alert("Checking your card…").first()).toBeVisible();
    await moveInPage(page);
    await expect(form.alert("Nothing was charged")).toBeVisible();
    gate.resolve();
    await form.enterCard(cards.debit);
    await form.payButton.click();
    await expect(form.receipt).toBeVisible();
    expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
  });

  test("while the bank asks: the challenge is there again, and can be passed", async ({ page }) => {
    const { typed } = uniqueAmount();
    const form = await openFor(page);
    const minor = await form.payWith(cards.challenge, typed);
    const approve = form.challengeFrame().getByRole("button", { name: "Approve" });
    await expect(approve).toBeVisible();
    await moveInPage(page);
    await approve.click();
    await expect(form.receipt).toBeVisible();
    expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
    expect(await eventsOf(page, "pay-success")).toHaveLength(1);
  });

  test("into another document, and back: styled, and it pays", async ({ page }) => {
    const form = await openFor(page);
    await expectWorking(form);
    await page.evaluate(() => {
      const frame = document.createElement("iframe");
      frame.style.cssText = "width: 900px; height: 800px";
      frame.id = "other";
      document.body.append(frame);
      frame.contentDocument?.body.append(window.form);
    });
    const moved = new PayForm(page, page.frameLocator("#other"));
    await moved.ready();
    const styles = () =>
      page.evaluate(() => {
        const root = window.form.shadowRoot;
        const button = root?.querySelector(".pay");
        return button ? getComputedStyle(button).backgroundColor : null;
      });
    const there = await styles();
    await moved.enterCard(cards.debit);
    await expect(moved.payButton).toHaveAttribute("aria-disabled", "false");
    await moveInPage(page);
    await expect.poll(styles).toBe(there);
    expect(there).not.toBe("rgba(0, 0, 0, 0)");
    await form.enterCard(cards.debit);
    await form.payButton.click();
    await expect(form.receipt).toBeVisible();
  });

  test("into a document that nobody sees, and back: it begins again where it can be seen", async ({
    page,
  }) => {
    const form = await openFor(page);
    await form.ready();
    await page.evaluate(async () => {
      const element = window.form;
      document.implementation.createHTMLDocument("").body.append(element);
      await new Promise((resolve) => setTimeout(resolve, 100));
      document.querySelector("#there")?.append(element);
    });
    await expectWorking(form);
  });
});

test("another language speaks at once, with the choice, its amounts and the card as they were", async ({
  page,
}) => {
  const form = await openFor(page);
  await form.ready();
  await form.choose("1,250.50");
  await form.enterCard(cards.debit);
  await setAttribute(page, "locale", "de");
  await expect(form.root.getByRole("heading", { name: "Offene Rechnungen" })).toBeVisible();
  await expect(form.root.getByRole("textbox", { name: /Betrag/ }).first()).toHaveValue("1.250,50");
  await expect(form.root.getByRole("button", { name: /1\.250,50.*zahlen/ })).toHaveAttribute(
    "aria-disabled",
    "false",
  );
  await expect(form.cardFrame.getByLabel("Kartennummer")).toHaveValue(cards.debit);
  await setAttribute(page, "locale", "de-CH");
  await expect(form.root.getByRole("textbox", { name: /Betrag/ }).first()).toHaveValue(/^1['’]250\.50$/);
  await setAttribute(page, "locale", "ar");
  await expect(form.root.locator(".root")).toHaveAttribute("dir", "rtl");
  await page.evaluate(() => window.form.removeAttribute("locale"));
  await expect(form.root.getByRole("heading", { name: "Open invoices" })).toBeVisible();
  await expect(form.payButton).toContainText("$1,250.50");
});

test("a language that is no language, of any length, keeps no form from opening", async ({ page }) => {
  for (const locale of [
    "x".repeat(500_000),
    `en-US-x-${"private-".repeat(10).slice(0, -1)}`,
    "en-u-nu-hanidec",
    "<b>",
    "de_DE",
  ]) {
    const form = await openElement(
      page,
      `<pay-form locale="${locale.replace(/</g, "&lt;")}" token="${embedToken(cascade.id)}"></pay-form>`,
    );
    await expectWorking(form);
  }
});
