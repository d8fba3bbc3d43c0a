import { expect, test } from "@playwright/test";
import { charges, embedToken, uniqueAmount, urls } from "./demo.ts";
import {
  cascade,
  eventsOf,
  expectWorking,
  northgate,
  openElement,
  openFor,
  sessionsOf,
  takeOutAndPutBack,
} from "./pages/host-element.ts";
import { cards, PayForm } from "./pages/pay-form.ts";

/** An element that was away, is a copy, or one of several: one payment, told once, each for their own customer. */
test.use({ permissions: ["local-network-access"] });

test.describe("taken out and put back", () => {
  test("in the middle of a payment: it is sent again as it was, and taken once", async ({ page }) => {
    const { typed } = uniqueAmount();
    const form = await openFor(page);
    const bodies: string[] = [];
    page.on("request", (call) => {
      if (call.method() === "POST" && call.url().endsWith("/v1/payments")) bodies.push(call.postData() ?? "");
    });
    const minor = await form.payWith(cards.late, typed);
    await expect.poll(() => bodies.length).toBe(1);
    await takeOutAndPutBack(page);
    await expect(form.receipt).toBeVisible({ timeout: 45_000 });
    expect(new Set(bodies).size).toBe(1);
    expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
    expect(await eventsOf(page, "pay-success")).toHaveLength(1);
  });

  test("after a payment at the bank: its receipt and its event come once", async ({ page }) => {
    const { typed } = uniqueAmount();
    const first = await openFor(page);
    await first.payWith(cards.challenge, typed);
    await expect(first.challengeFrame().getByRole("button", { name: "Approve" })).toBeVisible();
    // The next page of this tab finds the payment.
    const form = await openFor(page);
    await form.challengeFrame().getByRole("button", { name: "Approve" }).click();
    await expect(form.receipt).toBeVisible();
    for (let times = 0; times < 2; times++) {
      await takeOutAndPutBack(page);
      await expectWorking(form);
    }
    await expect(form.receipt).toHaveCount(0);
    expect(await eventsOf(page, "pay-success")).toHaveLength(1);
  });

  test("while the session opens: it opens once more, with the same token", async ({ page }) => {
    const sessions = sessionsOf(page);
    await page.route("**/v1/session", (route) => route.abort(), { times: 1 });
    const form = await openElement(page, `<pay-form token="${embedToken(cascade.id)}"></pay-form>`);
    await takeOutAndPutBack(page);
    await expectWorking(form);
    expect(new Set(sessions.tokens).size).toBe(1);
    expect(new Set(sessions.keys).size).toBe(1);
  });

  test("with a source of tokens: asked who the payer is by now", async ({ page }) => {
    const form = await openElement(page, "<pay-form></pay-form>");
    await page.evaluate(
      ([first, second]) => {
        const tokens = [first, second];
        window.form.tokenSource = async () => tokens.shift();
      },
      [embedToken(cascade.id), embedToken(northgate.id)],
    );
    await expect(form.root.getByText(cascade.name)).toBeVisible();
    await takeOutAndPutBack(page);
    await expect(form.root.getByText(northgate.name)).toBeVisible();
    await expect(form.root.getByText(cascade.name)).toHaveCount(0);
  });
});

test("a source that was set before the script is asked", async ({ page }) => {
  const token = embedToken(cascade.id);
  // The element stands there, and the page has set its property, before there is a script.
  const form = await openElement(
    page,
    "",
    `<pay-form></pay-form><script>
      document.querySelector("pay-form").tokenSource = async () => ${JSON.stringify(token)};
    </script>`,
  );
  await expectWorking(form);
  expect(await form.root.evaluate((element) => Object.keys(element))).toEqual([]);
});

test("a source that fails, or forgets to answer with text, leaves a way to try again", async ({ page }) => {
  const form = await openElement(page, "<pay-form></pay-form>");
  await page.evaluate((token) => {
    const answers: unknown[] = [undefined, 7, token];
    window.form.tokenSource = async () => {
      const answer = answers.shift();
      if (answer === 7) throw new Error("the host's own trouble");
      return answer;
    };
  }, embedToken(cascade.id));
  await form.root.getByRole("button", { name: "Try again" }).click();
  await form.ready();
});

test("a session whose answer was lost is opened by the form's own next try", async ({ page }) => {
  const sessions = sessionsOf(page);
  await page.route(
    "**/v1/session",
    async (route) => {
      const { host } = new URL(route.request().url());
      const headers = { ...(await route.request().allHeaders()), host };
      await route.fetch({ url: `${urls.edge}/v1/session`, headers });
      await route.abort("connectionreset");
    },
    { times: 2 },
  );
  const form = await openFor(page);
  await expectWorking(form);
  expect(sessions.tokens).toHaveLength(3);
  expect(new Set([...sessions.tokens, ...sessions.keys]).size).toBe(2);
});

test("a copy, a rewritten page and a second element each work, each for their own customer", async ({
  page,
}) => {
  const form = await openFor(page);
  await expectWorking(form);
  await page.evaluate((other) => {
    const element = window.form;
    const copy = element.cloneNode(true) as HTMLElement;
    copy.id = "copy";
    const second = document.createElement("pay-form");
    second.id = "second";
    second.setAttribute("token", other);
    document.querySelector("#there")?.append(copy, second);
  }, embedToken(northgate.id));
  const scoped = (id: string) => new PayForm(page, page, id);
  for (const [id, name] of [
    ["#copy", cascade.name],
    ["#second", northgate.name],
  ] as const) {
    await expect(page.locator(id).getByText(name)).toBeVisible();
    await expectWorking(scoped(id));
  }
  await expect(page.locator("#here pay-form").getByText(cascade.name)).toBeVisible();
  await page.evaluate(() => {
    const there = document.querySelector("#there") as HTMLElement;
    there.innerHTML = `${there.innerHTML}<p>more</p>`;
  });
  await expect(page.locator("#second").getByText(northgate.name)).toBeVisible();
  await expectWorking(scoped("#second"));
});

test("two elements, two customers: a payment of one is neither shown nor finished by the other", async ({
  page,
}) => {
  const { typed } = uniqueAmount();
  const both = () =>
    openElement(
      page,
      `<pay-form id="one" token="${embedToken(cascade.id)}"></pay-form><pay-form id="two" token="${embedToken(northgate.id)}"></pay-form>`,
    );
  const one = new PayForm(page, page, "#one");
  const two = new PayForm(page, page, "#two");
  await both();
  await expectWorking(two);
  const minor = await one.payWith(cards.challenge, typed);
  const approve = one.challengeFrame().getByRole("button", { name: "Approve" });
  await expect(approve).toBeVisible();
  await two.payButton.click();
  await expect(two.receipt).toBeVisible();
  // The next page in this tab: what is remembered of each customer is theirs.
  await both();
  await expect(approve).toBeVisible();
  await two.ready();
  await approve.click();
  await expect(one.receipt).toBeVisible();
  await two.ready();
  expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
  expect(await eventsOf(page, "pay-success")).toHaveLength(1);
});
