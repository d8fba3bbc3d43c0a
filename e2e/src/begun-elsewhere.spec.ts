import { type Browser, expect, type Page, test } from "@playwright/test";
import { charges, uniqueAmount } from "./demo.ts";
import { cascade, eventsOf, openFor } from "./pages/host-element.ts";
import { cards, type PayForm } from "./pages/pay-form.ts";

/** Two people of one customer, each at their own browser: what one began is not the other's to see unasked. */
const permissions = ["local-network-access"];
test.use({ permissions });

const banner = /A payment of \$[\d,.]+ for INV-\d+ was begun earlier or by somebody else/;
const approveIn = (form: PayForm) => form.challengeFrame().getByRole("button", { name: "Approve" });
const goOn = (form: PayForm) => form.root.getByRole("button", { name: "Continue it" });

/** A payment at the bank's page, in a browser of its own. */
async function begin(page: Page): Promise<{ form: PayForm; minor: bigint }> {
  const form = await openFor(page);
  const minor = await form.payWith(cards.challenge, uniqueAmount().typed);
  await expect(approveIn(form)).toBeVisible();
  return { form, minor };
}

async function anotherBrowser(browser: Browser): Promise<{ page: Page; answers: string[] }> {
  const page = await (await browser.newContext({ permissions })).newPage();
  const answers: string[] = [];
  page.on("response", async (response) => {
    if (!/\/v1\//.test(response.url()) || response.request().method() === "OPTIONS") return;
    answers.push(`${new URL(response.url()).pathname} ${await response.text().catch(() => "")}`);
  });
  return { page, answers };
}

test("a second browser is told of an unfinished payment, and sees neither challenge nor receipt of it unasked", async ({
  page,
  browser,
}) => {
  const { form: first, minor } = await begin(page);
  const { page: other, answers } = await anotherBrowser(browser);
  const second = await openFor(other);
  await second.ready();
  await expect(second.root.getByText(banner)).toBeVisible();
  await expect(second.root.getByText("of it is already being paid").first()).toBeVisible();
  await expect(second.root.locator("iframe[title*='bank' i]")).toHaveCount(0);

  await approveIn(first).click();
  await expect(first.receipt).toBeVisible();
  // Whoever did not ask for it goes on choosing, now and after a reload.
  await expect(second.receipt).toHaveCount(0);
  await expect(second.root.getByText("Open invoices")).toBeVisible();
  const again = await openFor(other);
  await again.ready();
  await expect(again.receipt).toHaveCount(0);
  expect(await eventsOf(other, "pay-success")).toEqual([]);
  expect(answers.some((answer) => answer.startsWith("/v1/session"))).toBe(true);
  expect(answers.filter((answer) => /\/3ds|"action":\{|"receipt":\{|^\/v1\/payments/.test(answer))).toEqual(
    [],
  );
  expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
  await other.context().close();
});

test("a second browser may go on with it: the bank asks there, and it is taken once", async ({
  page,
  browser,
}) => {
  const { form: first, minor } = await begin(page);
  const { page: other } = await anotherBrowser(browser);
  const second = await openFor(other);
  await goOn(second).first().click();
  await expect(approveIn(second)).toBeVisible();
  expect(await second.root.evaluate((element) => element.shadowRoot?.activeElement?.tagName)).toBe("H2");
  // From the press on it is this tab's: a reload goes on by itself.
  const again = await openFor(other);
  await approveIn(again).click();
  await expect(again.receipt).toBeVisible();
  // It looks by itself.
  await expect(first.receipt).toBeVisible();
  expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
  await other.context().close();
});

test("a page without storage finds its payment again: by its banner", async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, "sessionStorage", {
      get: () => {
        throw new DOMException("denied", "SecurityError");
      },
    });
  });
  const { minor } = await begin(page);
  const again = await openFor(page, cascade.id);
  await goOn(again).first().click();
  await approveIn(again).click();
  await expect(again.receipt).toBeVisible();
  expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
});
