import { expect, type Page, test } from "@playwright/test";
import { charges, clarity, embedToken, uniqueAmount, urls } from "./demo.ts";
import { cascade, openElement, openFor, sessionsOf } from "./pages/host-element.ts";
import { cards, type PayForm } from "./pages/pay-form.ts";

/** Sessions that end while somebody sits at them: limits as short as a tenant may set them. */
test.use({ permissions: ["local-network-access"] });
test.describe.configure({ mode: "serial" });

const idleS = 40;
const set = (key: string, value: number) => clarity("setting", "set", "acme", key, String(value));
test.beforeAll(() => void set("session.idleSeconds", idleS));
test.afterAll(() => {
  set("session.idleSeconds", 1_800);
  set("session.absoluteSeconds", 28_800);
});

/** Servers read a changed setting within seconds. */
async function openOnceShort(page: Page, open: () => Promise<PayForm>, longestS = idleS): Promise<PayForm> {
  for (;;) {
    const answered = page.waitForResponse(
      (answer) => answer.url().endsWith("/v1/session") && answer.request().method() === "POST",
    );
    const form = await open();
    const { renewableInS, endsInS } = await (await answered).json();
    if (renewableInS <= longestS && endsInS >= longestS) return form;
    await page.waitForTimeout(500);
  }
}

const renewals = (page: Page): number[] => {
  const statuses: number[] = [];
  page.on("response", (answer) => {
    if (answer.url().endsWith("/v1/session/renew") && answer.request().method() === "POST")
      statuses.push(answer.status());
  });
  return statuses;
};

const soon = /session ends soon/i;

test("one press goes on, past the end there was: nothing that was chosen or typed is gone, and no token is spent", async ({
  page,
}) => {
  test.setTimeout(150_000);
  const form = await openOnceShort(page, () => openFor(page));
  const openedAtMs = Date.now();
  const [sessions, renewed] = [sessionsOf(page), renewals(page)];
  const { typed } = uniqueAmount();
  await form.ready();
  await form.choose(typed);
  await form.enterCard(cards.debit);
  const goOn = form.root.getByRole("button", { name: "Go on" });
  for (let times = 1; Date.now() < openedAtMs + (idleS + 5) * 1_000; times++) {
    await expect(form.root.getByRole("alert").filter({ hasText: soon })).toBeVisible({ timeout: 40_000 });
    const before = renewed.length;
    await goOn.click();
    await expect.poll(() => renewed.slice(before)).toEqual([200]);
    await expect(goOn).toHaveCount(0);
    // Where the button was, nobody is: not in the page's body either.
    expect(await page.evaluate(() => window.form.shadowRoot?.activeElement?.tagName)).toBe("H2");
    if (times > 6) throw new Error("it should have ended long ago");
  }
  await expect(form.cardFrame.getByLabel(/card number/i)).toHaveValue(cards.debit);
  await expect(form.root.getByRole("textbox", { name: /amount to pay/i }).first()).toHaveValue(typed);
  const minor = await form.totalMinor();
  await form.payButton.click();
  await expect(form.receipt).toBeVisible();
  expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
  expect(sessions.tokens).toEqual([]);
});

test("nobody answers: what was shown is gone, and the page's only token opens nothing more", async ({
  page,
}) => {
  test.setTimeout(120_000);
  const form = await openOnceShort(page, () => openFor(page));
  await form.ready();
  await expect(form.alert(soon)).toBeVisible({ timeout: 40_000 });
  await expect(form.alert(/session has ended/i)).toBeVisible({ timeout: 40_000 });
  await expect(form.root.getByText(cascade.name)).toHaveCount(0);
  await expect(form.root.getByRole("button")).toHaveCount(0);
});

test("as old as it may be: a page that can give another token goes on with the same choice", async ({
  page,
}) => {
  test.setTimeout(150_000);
  set("session.absoluteSeconds", 31);
  await page.route(`${urls.netsuite}/bare/token`, (route) =>
    route.fulfill({ json: { token: embedToken(cascade.id) } }),
  );
  const markup = '<pay-form token-url="/bare/token"></pay-form>';
  const form = await openOnceShort(page, () => openElement(page, markup), 31);
  const { typed } = uniqueAmount();
  await form.ready();
  await form.choose(typed);
  const goOn = form.root.getByRole("button", { name: "Go on" });
  await expect(form.alert(/session has ended. What you chose is still here/)).toBeVisible({
    timeout: 60_000,
  });
  await goOn.click();
  await form.ready();
  await expect(form.root.getByRole("textbox", { name: /amount to pay/i }).first()).toHaveValue(typed);
  await form.enterCard(cards.debit);
  await form.payButton.click();
  await expect(form.receipt).toBeVisible();
});
