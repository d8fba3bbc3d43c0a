import { expect, type Page, test } from "@playwright/test";
import { charges, uniqueAmount, urls } from "./demo.ts";
import { openNetsuite } from "./pages/hosts.ts";
import { cards } from "./pages/pay-form.ts";

/** Puts one after the other into the answers about a payment, as a provider that was broken into would, then the true one. */
async function challengeAt(page: Page, addresses: string[]): Promise<void> {
  await page.route(/\/v1\/payments/, async (route) => {
    const { pathname, host } = new URL(route.request().url());
    const headers = { ...(await route.request().allHeaders()), host };
    const answer = await route.fetch({ url: urls.edge + pathname, headers });
    const payment = await answer.json();
    const url = addresses.shift();
    if (url !== undefined && payment.state === "requires_action") payment.action.url = url;
    await route.fulfill({ response: answer, json: payment });
  });
}

test("an address that could run as script or be rewritten is put into no frame, and the payment goes on", async ({
  page,
}) => {
  const addresses = [
    "javascript:top.stolen=document.cookie+1",
    "data:text/html,<script>top.stolen=1</script>",
    "blob:http://netsuite.localhost/1",
    "http://bank.test/3ds",
    "https://user@bank.test/3ds",
  ];
  await challengeAt(page, addresses);
  await page.addInitScript(() => {
    const shown = new Set<string>();
    Object.assign(window, { shown });
    setInterval(() => {
      const frames = document.querySelector("pay-form")?.shadowRoot?.querySelectorAll("iframe") ?? [];
      for (const { src } of frames) shown.add(src);
    }, 20);
  });
  const { typed } = uniqueAmount();
  const form = await openNetsuite(page);
  const minor = await form.payWith(cards.challenge, typed);
  await form.challengeFrame().getByRole("button", { name: "Approve" }).click({ timeout: 30_000 });
  await expect(form.receipt).toBeVisible();
  const { shown, stolen } = await page.evaluate(() => ({
    shown: [...(window as unknown as { shown: Set<string> }).shown],
    stolen: "stolen" in window,
  }));
  expect(
    shown.every((src) => /^http:\/\/sandbox\.localhost:\d+\/(card|3ds)/.test(src)),
    String(shown),
  ).toBe(true);
  expect(shown).toHaveLength(2);
  expect(stolen).toBe(false);
  expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
});

test("the bank's page can do what a bank's page must, and take the host's page nowhere", async ({ page }) => {
  const { typed } = uniqueAmount();
  const form = await openNetsuite(page);
  const minor = await form.payWith(cards.challenge, typed);
  const approve = form.challengeFrame().getByRole("button", { name: "Approve" });
  await expect(approve).toBeVisible();
  const frame = form.root.locator("iframe[title*='bank' i]");
  const sandbox = (await frame.getAttribute("sandbox"))?.split(" ") ?? [];
  expect(sandbox).toEqual(expect.arrayContaining(["allow-scripts", "allow-forms", "allow-same-origin"]));
  expect(sandbox.filter((token) => token.startsWith("allow-top-navigation"))).toEqual([]);
  expect(await frame.getAttribute("allow")).toBe("payment *; publickey-credentials-get *");
  const inside = page.frames().find((each) => each.url().includes("/3ds/"));
  const escaped = await inside?.evaluate(() => {
    try {
      (top as Window).location.href = "https://evil.test/";
      return "left";
    } catch (error) {
      return (error as Error).name;
    }
  });
  expect(escaped).toBe("SecurityError");
  await approve.click();
  await expect(form.receipt).toBeVisible();
  expect(await charges("acme", String(minor))).toMatchObject([{ status: "captured" }]);
});
