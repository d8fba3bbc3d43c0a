import { expect, type Page, test } from "@playwright/test";
import { urls } from "./demo.ts";
import { openFor } from "./pages/host-element.ts";

/** Lists come as the server remembers them, and change in place while somebody chooses from them. */
test.use({ permissions: ["local-network-access"] });

interface Invoice {
  id: string;
  number: string;
  openMinor: string;
  payableMinor: string;
}
type Answer = { invoices: Invoice[] } & Record<string, unknown>;

/** Rewrites the edge's answers to requests at `path`, once `when` is there. */
async function rewrite(
  page: Page,
  path: string,
  { change, when = Promise.resolve() }: { change: (answer: Answer) => Answer; when?: Promise<void> },
): Promise<void> {
  await page.route(`**${path}`, async (route) => {
    await when;
    const { pathname, host } = new URL(route.request().url());
    const headers = { ...(await route.request().allHeaders()), host };
    const response = await route.fetch({ url: urls.edge + pathname, headers });
    await route.fulfill({ response, json: change(await response.json()) });
  });
}

const refreshing = { state: "refreshing", ageMs: 3 * 86_400_000, askAgainInMs: 100 };
const loading = { state: "loading", ageMs: null, askAgainInMs: 100 };
const current = { state: "current", ageMs: 0, askAgainInMs: null };

/** A form whose list is old, and `renew`: what the ERP says when it has said it. */
async function openOld(page: Page, change: (invoices: Invoice[]) => Invoice[], known = true) {
  // The server has read them once.
  if (known) await (await openFor(page)).ready();
  const { promise, resolve: renew } = Promise.withResolvers<void>();
  await rewrite(page, "/v1/session", {
    change: (session) => ({
      ...session,
      ...(known ? {} : { invoices: [] }),
      invoicesFreshness: known ? refreshing : loading,
    }),
  });
  await rewrite(page, "/v1/invoices", {
    when: promise,
    change: (list) => ({ ...list, invoices: change(list.invoices), freshness: current }),
  });
  return { form: await openFor(page), renew };
}

test("rows come and go around an amount that is being typed: text, caret and focus stay where they are", async ({
  page,
}) => {
  const { form, renew } = await openOld(page, ([first, second, ...rest]) =>
    first && second
      ? [
          { ...first, id: "new", number: "INV-NEW" },
          second,
          { ...first, openMinor: "999900", payableMinor: "999900" },
        ]
      : rest,
  );
  await form.ready();
  await expect(form.root.getByText("Read 3 days ago. Being updated…")).toBeVisible();
  await form.choose();
  const field = form.root.getByRole("textbox", { name: /amount to pay/i });
  await field.fill("12.50");
  await field.evaluate((input: HTMLInputElement) => input.setSelectionRange(1, 1));
  renew();
  await expect(form.root.getByText("INV-NEW")).toBeVisible();
  await expect(form.root.getByText("Being updated…")).toHaveCount(0);
  await expect(field).toBeFocused();
  await expect(field).toHaveValue("12.50");
  expect(await field.evaluate((input: HTMLInputElement) => input.selectionStart)).toBe(1);
  await expect(form.root.getByRole("checkbox", { checked: true })).toHaveCount(1);
  await page.keyboard.type("9");
  await expect(field).toHaveValue("192.50");
  await expect(form.payButton).toContainText("192.50");
});

test("a chosen invoice that was paid meanwhile goes with a word, and the keyboard is not lost with it", async ({
  page,
}) => {
  const { form, renew } = await openOld(page, ([, ...rest]) => rest);
  await form.ready();
  const row = form.root.getByRole("listitem").first();
  const number = /INV-\d+/.exec((await row.textContent()) ?? "")?.[0] ?? "none";
  await form.choose();
  await form.root.getByRole("textbox", { name: /amount to pay/i }).focus();
  renew();
  await expect(form.root.getByText(`Left to pay has changed meanwhile: ${number}: $0.00`)).toBeVisible();
  await expect(form.root.getByRole("checkbox", { checked: true })).toHaveCount(0);
  await expect(form.root.getByRole("listitem").filter({ hasText: number })).toHaveCount(0);
  expect(await form.root.evaluate((element) => element.shadowRoot?.activeElement?.tagName)).toBe("INPUT");
});

test("without a list yet the form says that it is loading, never that there is nothing to pay", async ({
  page,
}) => {
  const { form, renew } = await openOld(page, (invoices) => invoices, false);
  await expect(form.root.getByText("Loading your invoices…")).toBeVisible();
  await page.waitForRequest(/\/v1\/invoices$/);
  await expect(form.root.getByText("Nothing to pay")).toHaveCount(0);
  renew();
  await form.ready();
});
