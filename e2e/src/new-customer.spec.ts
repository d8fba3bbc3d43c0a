import { expect, type Page, test } from "@playwright/test";
import { charges, embedToken, uniqueAmount, urls } from "./demo.ts";
import {
  cascade,
  eventsOf,
  expectWorking,
  northgate,
  openElement,
  openFor,
  sessionsOf,
  setAttribute,
} from "./pages/host-element.ts";
import { cards } from "./pages/pay-form.ts";

/** Whatever a host page does to name another customer: it is theirs from then on, and nothing of the former stays. */
test.use({ permissions: ["local-network-access"] });

test.describe("a new customer", () => {
  const ways: [string, (page: Page, token: string) => Promise<void>][] = [
    ["a new token", (page, token) => setAttribute(page, "token", token)],
    [
      "a new token while the element is away",
      (page, token) =>
        page.evaluate(async (value) => {
          const { form } = window;
          form.remove();
          await new Promise((resolve) => setTimeout(resolve, 100));
          form.setAttribute("token", value);
          document.querySelector("#there")?.append(form);
        }, token),
    ],
    [
      "a new source of tokens",
      (page, token) =>
        page.evaluate((value) => {
          window.form.tokenSource = async () => value;
        }, token),
    ],
    [
      "a new token address",
      async (page, token) => {
        await page.route(`${urls.netsuite}/bare/token`, (route) => route.fulfill({ json: { token } }));
        await setAttribute(page, "token-url", "/bare/token");
      },
    ],
    [
      "a token taken away and another given",
      async (page, token) => {
        await page.evaluate(() => window.form.removeAttribute("token"));
        await expect(page.locator("pay-form").getByRole("checkbox")).toHaveCount(0);
        await setAttribute(page, "token", token);
      },
    ],
  ];
  for (const [what, change] of ways)
    test(`by ${what}: nothing of the former is shown, kept or proved with`, async ({ page }) => {
      const sessions = sessionsOf(page);
      const form = await openFor(page);
      await expectWorking(form);
      await expect(form.root.getByText(cascade.name)).toBeVisible();
      const before = await form.root.evaluate((element) => element.shadowRoot?.textContent ?? "");
      const next = embedToken(northgate.id);
      await change(page, next);
      await expect(form.root.getByText(northgate.name)).toBeVisible();
      await form.ready();
      const after = await form.root.evaluate((element) => element.shadowRoot?.textContent ?? "");
      const numbers = new Set(before.match(/INV-\d+/g));
      expect(numbers.size).toBeGreaterThan(5);
      expect((after.match(/INV-\d+/g) ?? []).filter((number) => numbers.has(number))).toEqual([]);
      expect(after).not.toContain(cascade.name);
      await expect(form.root.getByRole("checkbox", { checked: true })).toHaveCount(0);
      await expect(form.cardFrame.getByLabel(/card number/i)).toHaveValue("");
      expect(sessions.tokens.at(-1)).toBe(next);
      expect(sessions.keys.at(-1)).not.toBe(sessions.keys[0]);
      await expectWorking(form);
    });

  test("in the middle of a payment: the former's goes on at the server, and is not the new one's to see", async ({
    page,
  }) => {
    const { typed } = uniqueAmount();
    const form = await openFor(page);
    const sent = page.waitForRequest(
      (call) => call.method() === "POST" && call.url().endsWith("/v1/payments"),
    );
    const minor = await form.payWith(cards.late, typed);
    await sent;
    await setAttribute(page, "token", embedToken(northgate.id));
    await expect(form.root.getByText(northgate.name)).toBeVisible();
    await expectWorking(form);
    expect(await eventsOf(page, "pay-success")).toEqual([]);
    await expect
      .poll(async () => (await charges("acme", String(minor))).map(({ status }) => status), {
        timeout: 40_000,
      })
      .toEqual(["captured"]);
    expect(await form.root.evaluate((element) => element.shadowRoot?.textContent)).not.toContain(typed);
    // Back to the first: theirs is found.
    await setAttribute(page, "token", embedToken(cascade.id));
    await expect(form.receipt).toBeVisible();
  });

  test("brought by a renewal: nothing is paid for either in the other's name", async ({ page }) => {
    let customer = cascade.id;
    await page.route(`${urls.netsuite}/bare/token`, (route) =>
      route.fulfill({ json: { token: embedToken(customer) } }),
    );
    // Sessions that end at once, so that each request renews.
    await page.route("**/v1/session", async (route) => {
      const { host } = new URL(route.request().url());
      const headers = { ...(await route.request().allHeaders()), host };
      const answer = await route.fetch({ url: `${urls.edge}/v1/session`, headers });
      await route.fulfill({ response: answer, json: { ...(await answer.json()), expiresInS: 1 } });
    });
    const payments: string[] = [];
    page.on("request", (call) => call.url().endsWith("/v1/payments") && payments.push(call.url()));
    const form = await openElement(page, `<pay-form token-url="/bare/token"></pay-form>`);
    await expectWorking(form);
    customer = northgate.id;
    await form.payButton.click();
    await expect(form.root.getByText(northgate.name)).toBeVisible();
    await expect(form.root.getByText(cascade.name)).toHaveCount(0);
    expect(payments).toEqual([]);
  });
});

test("the same customer's next token leaves everything as it is", async ({ page }) => {
  const sessions = sessionsOf(page);
  const form = await openFor(page);
  await expectWorking(form);
  await setAttribute(page, "token", embedToken(cascade.id));
  await page.evaluate((token) => {
    window.form.tokenSource = async () => token;
  }, embedToken(cascade.id));
  await expect(form.cardFrame.getByLabel(/card number/i)).toHaveValue(cards.debit);
  await form.payButton.click();
  await expect(form.receipt).toBeVisible();
  expect(sessions.tokens).toHaveLength(1);
});

test("back from the browser's memory of pages: the list is new, and the payer is asked for anew", async ({
  page,
}) => {
  let customer = cascade.id;
  await page.route(`${urls.netsuite}/bare/token`, (route) =>
    route.fulfill({ json: { token: embedToken(customer) } }),
  );
  const form = await openElement(page, `<pay-form token-url="/bare/token"></pay-form>`);
  await expectWorking(form);
  customer = northgate.id;
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: false })));
  await expect(form.root.getByText(cascade.name)).toBeVisible();
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await expect(form.root.getByText(northgate.name)).toBeVisible();
  await expect(form.root.getByText(cascade.name)).toHaveCount(0);
  await expectWorking(form);
});
