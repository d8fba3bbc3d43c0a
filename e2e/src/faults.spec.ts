import { execFileSync } from "node:child_process";
import { expect, test } from "@playwright/test";
import { charges, mails, posted, uniqueAmount, urls } from "./demo.ts";
import { openNetsuite } from "./pages/hosts.ts";
import { cards } from "./pages/pay-form.ts";

const captured = async (minor: bigint) =>
  (await charges("acme", String(minor))).filter(({ status }) => status === "captured");

/** The invariant after each fault: one capture, one ERP payment, one receipt. */
async function expectOnce(typed: string, minor: bigint): Promise<void> {
  await expect.poll(() => posted("netsuite", typed), { timeout: 40_000 }).toHaveLength(1);
  await expect.poll(() => mails(typed), { timeout: 20_000 }).toHaveLength(1);
  expect(await captured(minor)).toHaveLength(1);
}

/** Process ids that listen on a port of the demo. */
function pidsOf(port: number): number[] {
  const sockets = execFileSync("ss", ["-Hltnp", `sport = :${port}`], { encoding: "utf8" });
  return [...sockets.matchAll(/pid=(\d+)/g)].map((match) => Number(match[1]));
}
const port = () => Number(process.env.E2E_PORT);

test("a double click pays once", async ({ page }) => {
  const { typed, minor } = uniqueAmount();
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose(typed);
  await form.enterCard(cards.debit);
  await form.payButton.dblclick();
  await expect(form.receipt).toBeVisible();
  await expectOnce(typed, minor);
});

test("a reload while the bank thinks shows that payment again, and it is taken once", async ({ page }) => {
  const { typed } = uniqueAmount();
  const form = await openNetsuite(page);
  const sent = page.waitForRequest(
    (request) => request.method() === "POST" && request.url().endsWith("/v1/payments"),
  );
  const minor = await form.payWith(cards.late, typed);
  await sent;
  await expect.poll(async () => (await charges("acme", String(minor))).length).toBe(1);
  await page.reload();
  await expect(form.receipt).toBeVisible({ timeout: 45_000 });
  await expectOnce(typed, minor);
});

test("charged but never answered: shown as being confirmed, never as declined, and taken once", async ({
  page,
}) => {
  test.setTimeout(120_000);
  const { typed } = uniqueAmount();
  const form = await openNetsuite(page);
  const minor = await form.payWith(cards.chargedButSilent, typed);
  await expect(form.alert(/confirming|being confirmed/i).first()).toBeVisible({ timeout: 30_000 });
  await expect(form.receipt).toBeVisible({ timeout: 90_000 });
  await expectOnce(typed, minor);
});

test("the server is killed with -9 after the provider's yes: one capture, one ERP payment, one receipt", async ({
  page,
}) => {
  test.setTimeout(120_000);
  const { typed } = uniqueAmount();
  const form = await openNetsuite(page);
  const minor = await form.payWith(cards.late, typed);
  // The provider has said yes to itself; its answer is 12 s away.
  await expect.poll(async () => (await charges("acme", String(minor))).length).toBe(1);
  for (const pid of pidsOf(port() + 1)) process.kill(pid, "SIGKILL");
  await expect(form.receipt).toBeVisible({ timeout: 90_000 });
  await expectOnce(typed, minor);
});

test("two tabs, one invoice: the second is refused in words and nothing is taken twice", async ({
  page,
  context,
}) => {
  const first = await openNetsuite(page, { customer: "1042" });
  await first.ready();
  const box = first.root.getByRole("checkbox", { disabled: false, name: /INV/ }).first();
  const name =
    (await box.getAttribute("aria-label")) ??
    (await first.root
      .getByText(/INV-\d+/)
      .first()
      .textContent()) ??
    "";
  const number = /INV-\d+/.exec(name)?.[0] ?? "";
  const other = await openNetsuite(await context.newPage(), { customer: "1042" });
  await other.ready();
  for (const form of [first, other]) {
    await form.choose(undefined, new RegExp(number));
    await form.enterCard(cards.debit);
  }
  await Promise.all([first.payButton.click(), other.payButton.click()]);
  await expect
    .poll(
      async () => [await first.receipt.isVisible(), await other.receipt.isVisible()].filter(Boolean).length,
      { timeout: 20_000 },
    )
    .toBe(1);
  const loser = (await first.receipt.isVisible()) ? other : first;
  await expect(loser.alert(/already paid|above what is still open|under way/).first()).toBeVisible();
});

test("PostgreSQL down: a clear message in the form, and trying again works", async ({ page }) => {
  test.setTimeout(150_000);
  const { typed, minor } = uniqueAmount();
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose(typed);
  await form.enterCard(cards.debit);
  // An immediate shutdown cuts connections without goodbye; the launcher brings it back, so it is kept down.
  const keptDown = setInterval(() => {
    for (const pid of pidsOf(port() + 7)) process.kill(pid, "SIGQUIT");
  }, 100);
  try {
    await form.payButton.click();
    await expect(form.alert(/not available right now|still being confirmed/).first()).toBeVisible({
      timeout: 60_000,
    });
  } finally {
    clearInterval(keptDown);
  }
  await expect.poll(() => pidsOf(port() + 7).length, { timeout: 60_000 }).toBeGreaterThan(0);
  const again = form.root.getByRole("button", { name: /Try again|Check again/ });
  await expect(async () => {
    if (await again.isVisible()) await again.click();
    await expect(form.receipt).toBeVisible({ timeout: 3_000 });
  }).toPass({ timeout: 60_000 });
  await expectOnce(typed, minor);
});

test("an unknown host, a forged token and another tenant's host get problem documents with stable codes", async ({
  request,
}) => {
  const unknown = await request.get(`${urls.edge}/v1/invoices`, {
    headers: { host: `nobody.localhost:${port()}` },
  });
  expect(unknown.status()).toBe(404);
  expect(await unknown.json()).toMatchObject({ code: "tenant_unknown" });
  expect(unknown.headers()["content-type"]).toContain("application/problem+json");
  const malformed = await request.post(`${urls.edge}/v1/payments`, {
    headers: { host: `acme.localhost:${port()}`, "content-type": "application/json" },
    data: Buffer.from("{"),
  });
  expect(malformed.status()).toBeLessThan(500);
  expect((await malformed.json()).code).toBeTruthy();
});
