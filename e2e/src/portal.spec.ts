import { randomUUID } from "node:crypto";
import AxeBuilder from "@axe-core/playwright";
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { charges, clarity, type Mail, mails, uniqueAmount, urls } from "./demo.ts";
import { openNetsuite } from "./pages/hosts.ts";
import { cards } from "./pages/pay-form.ts";

/** The seller's tour: from the mail to the payment's page, at the tenant's own host. */
const portal = `${urls.acme}/portal`;
const globex = `${urls.globex}/portal`;
const [ada, gus] = ["ada@acme.test", "gus@globex.test"];

function missing(what: string): never {
  throw new Error(`there is no ${what}`);
}

/** The newest mail to somebody that is none of `before`. */
async function nextMail(to: string, before: readonly Mail[]): Promise<Mail> {
  const known = new Set(before.map(({ id }) => id));
  let found: Mail | undefined;
  await expect
    .poll(async () => {
      found = (await mails()).find((mail) => mail.to.includes(to) && !known.has(mail.id));
      return found !== undefined;
    })
    .toBe(true);
  return found ?? missing("mail");
}

/** Asks for a mail on the page. @returns it */
async function askFor(page: Page, email: string, at = portal): Promise<Mail> {
  const before = await mails();
  await page.goto(at);
  await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByLabel("Code")).toBeFocused();
  return nextMail(email, before);
}

const codeIn = ({ text }: Mail): string => /\b(\d{6})\b/.exec(text)?.[1] ?? missing("code");
const linkIn = ({ text }: Mail): string => /^http\S+#\/login\/\S+$/m.exec(text)?.[0] ?? missing("link");

async function enter(page: Page): Promise<void> {
  const mail = await askFor(page, ada);
  await page.getByLabel("Code").fill(codeIn(mail));
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
}

/** What the page's policy refused, and what its script threw. */
function faultsOf(page: Page): string[] {
  const faults: string[] = [];
  page.on("pageerror", ({ message }) => faults.push(message));
  page.on("console", (message) => {
    if (/Content Security|TrustedScript|Trusted Type/i.test(message.text())) faults.push(message.text());
  });
  return faults;
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
    .analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
}

test("the mail's link opens a page with a button, which signs in once; the code works in another browser", async ({
  browser,
  page,
}) => {
  const faults = faultsOf(page);
  const mail = await askFor(page, gus, globex);
  // What a mail scanner does.
  const scanner = await browser.newContext();
  await (await scanner.newPage()).goto(linkIn(mail));
  expect(await scanner.cookies()).toEqual([]);
  await scanner.close();
  await page.goto(linkIn(mail));
  await page.reload();
  await page.goto(linkIn(mail));
  await page.getByRole("button", { name: "Sign in to Globex Corporation" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  expect(page.url()).not.toContain("login");
  await expect(page).toHaveTitle("Globex Corporation");

  const other = await (await browser.newContext()).newPage();
  await other.goto(linkIn(mail));
  await other.getByRole("button", { name: "Sign in to Globex Corporation" }).click();
  await expect(other.getByRole("alert")).toContainText("used before");

  const asking = await (await browser.newContext()).newPage();
  const second = await askFor(asking, gus, globex);
  await other.getByLabel("E-mail").fill(gus);
  await other.getByRole("button", { name: "I have a code" }).click();
  await other.getByLabel("Code").fill(codeIn(second));
  await other.getByRole("button", { name: "Sign in" }).click();
  await expect(other.getByRole("heading", { name: "Overview" })).toBeVisible();
  expect(faults).toEqual([]);
});

test("what a customer paid in the ERP is in the seller's list, with the provider's reference, the ERP's record and the mail", async ({
  page,
}) => {
  const { typed, minor } = uniqueAmount();
  const form = await openNetsuite(page);
  await form.payWith(cards.debit, typed);
  await expect(form.receipt).toBeVisible();
  const [charge] = await charges("acme", String(minor));
  await expect.poll(() => mails(typed), { timeout: 30_000 }).toHaveLength(1);

  const faults = faultsOf(page);
  await enter(page);
  await page.getByRole("link", { name: "Payments", exact: true }).click();
  await page.getByRole("searchbox").fill("cascade");
  await expect(page).toHaveURL(/q=cascade/);
  await page.getByRole("link", { name: new RegExp(`Cascade Retail Group, Paid, \\$${typed}`) }).click();
  await expect(page.getByRole("heading", { name: `$${typed}` })).toBeVisible();
  await expect(page.getByText(charge?.id ?? missing("charge")).first()).toBeVisible();
  await expect(page.getByText("Booked in the ERP").first()).toBeVisible();
  await expect(page.getByText("Receipt by mail")).toBeVisible();
  await expectAccessible(page);
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await page.goBack();
  await expect(page.getByRole("searchbox")).toHaveValue("cascade");
  expect(faults).toEqual([]);
});

test("a new tenant's owner is mailed the way in by the command line, and invites a colleague", async ({
  browser,
  page,
}) => {
  const slug = `new-${randomUUID().slice(0, 8)}`;
  const owner = `owner@${slug}.test`;
  const colleague = `kim@${slug}.test`;
  const before = await mails();
  clarity("tenant", "create", slug, "--template", "basic-invoice", "--admin", owner, "--name", "New & Sons");
  await page.goto(linkIn(await nextMail(owner, before)));
  await page.getByRole("button", { name: "Sign in to New & Sons" }).click();
  await expect(page.getByText("Nothing was paid in these days.")).toBeVisible();
  await page.getByRole("link", { name: "Team" }).click();
  await page.getByRole("button", { name: "Invite" }).click();
  await page.getByRole("button", { name: "Send invitation" }).click();
  await expect(page.getByText("Type an e-mail address")).toBeVisible();
  await page.getByLabel("Name", { exact: true }).fill("Kim");
  await page.getByLabel("E-mail").fill(colleague);
  const asked = await mails();
  await page.getByRole("button", { name: "Send invitation" }).click();
  await expect(page.getByText(colleague)).toBeVisible();

  const kim = await (await browser.newContext()).newPage();
  await kim.goto(linkIn(await nextMail(colleague, asked)));
  await kim.getByRole("button", { name: "Sign in to New & Sons" }).click();
  await expect(kim.getByRole("link", { name: "Payments", exact: true })).toBeVisible();
  // A viewer: what they may not, is not there.
  await expect(kim.getByRole("link", { name: "Settings" })).toHaveCount(0);
  await kim.getByRole("link", { name: "Team" }).click();
  await expect(kim.getByText(owner).first()).toBeVisible();
  await expect(kim.getByRole("button", { name: "Invite" })).toHaveCount(0);
});

const looks: [string, { width: number; height: number }, "light" | "dark"][] = [
  ["at 1280 px, light", { width: 1280, height: 900 }, "light"],
  ["at 390 px, dark", { width: 390, height: 844 }, "dark"],
];

test.describe("signed in", () => {
  let context: BrowserContext;
  let page: Page;
  test.beforeAll(async ({ browser }) => {
    context = await browser.newContext();
    page = await context.newPage();
    await enter(page);
  });
  test.afterAll(() => context.close());

  for (const [name, size, colorScheme] of looks) {
    test(`every page is accessible and as wide as the screen ${name}`, async () => {
      const faults = faultsOf(page);
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      for (const place of ["", "#/payments", "#/payments?q=nobody", "#/payments/none", "#/team", "#/inbox"]) {
        await page.goto(portal + place);
        await expect(page.getByRole("heading").first()).toBeVisible();
        await expect(page.getByRole("status").filter({ hasText: "Loading" })).toHaveCount(0);
        expect(await page.evaluate(() => document.documentElement.scrollWidth), place).toBe(size.width);
        await expectAccessible(page);
      }
      expect(faults).toEqual([]);
    });
  }

  test("the session is this browser's and this tenant's, and ends everywhere at once", async ({
    browser,
  }) => {
    await page.setViewportSize({ width: 1280, height: 900 });
    const elsewhere = await browser.newContext({ storageState: await context.storageState() });
    const other = await elsewhere.newPage();
    await other.goto(portal);
    await expect(other.getByRole("heading", { name: "Overview" })).toBeVisible();
    await other.goto(`${urls.globex}/portal`);
    await expect(other.getByRole("heading", { name: "Sign in to Globex Corporation" })).toBeVisible();
    await page.goto(portal);
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await expect(page.getByLabel("E-mail")).toBeVisible();
    await other.goto(`${portal}#/payments`);
    await expect(other.getByLabel("E-mail")).toBeVisible();
    await elsewhere.close();
  });
});
