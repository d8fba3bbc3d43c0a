import { expect, type Page, test } from "@playwright/test";
import { uniqueAmount } from "./demo.ts";
import { alter, manyInvoices } from "./pages/altered.ts";
import { openNetsuite } from "./pages/hosts.ts";
import { cards, type PayForm } from "./pages/pay-form.ts";

/** Who has the keyboard, looked at in every frame: "body" is nobody, and the next Tab begins at the page's top. */
async function watchFocus(
  page: Page,
): Promise<{ begin: () => Promise<void>; fallen: () => Promise<string[]> }> {
  await page.addInitScript(() => {
    const seen: string[] = [];
    let begun = false;
    const look = () => {
      const active = document.activeElement;
      if (begun && (!active || active === document.body))
        seen.push(`body at ${Math.round(performance.now())}`);
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
    Object.assign(window, {
      beginWatch: () => {
        begun = true;
      },
      fallen: () => seen,
    });
  });
  return {
    begin: () => page.evaluate(() => (window as unknown as { beginWatch(): void }).beginWatch()),
    fallen: () => page.evaluate(() => (window as unknown as { fallen(): string[] }).fallen()),
  };
}

const focused = (page: Page) =>
  page.evaluate(() => {
    let active = document.activeElement;
    const path = [active?.localName];
    while (active?.shadowRoot?.activeElement) {
      active = active.shadowRoot.activeElement;
      path.push(
        `${active.localName} ${active.getAttribute("data-focus") ?? active.textContent?.trim() ?? ""}`,
      );
    }
    return path.join(" > ");
  });

interface Step {
  name: string;
  customer?: string;
  before?: (page: Page) => Promise<unknown>;
  /** Ends with the press that changes the state. */
  press: (form: PayForm, page: Page) => Promise<unknown>;
  /** What is there afterwards. */
  after: (form: PayForm) => Promise<unknown>;
  has: RegExp;
}

const button = (form: PayForm, name: string | RegExp) => form.root.getByRole("button", { name });
const heading = (form: PayForm, name: string | RegExp) => form.root.getByRole("heading", { name });
const pressed = async (form: PayForm, name: string | RegExp) => {
  await button(form, name).first().focus();
  await form.page.keyboard.press("Enter");
};
/** As with the keyboard: no field is left for nowhere. */
const choose = async (form: PayForm, typed: string) => {
  await form.choose();
  await form.root
    .getByRole("textbox", { name: /amount to pay/i })
    .first()
    .fill(typed);
};
const payWith = async (form: PayForm, card: string) => {
  await choose(form, uniqueAmount().typed);
  const kind = form.page.waitForResponse(/\/bins\//);
  await form.enterCard(card);
  await kind;
  await pressed(form, /^Pay \$/);
};
const toChallenge = async (form: PayForm) => {
  await payWith(form, cards.challenge);
  await expect(heading(form, /Confirm with your bank/)).toBeFocused();
};
const refuse = (path: RegExp, code: string, status: number) => (page: Page) =>
  page.route(path, (route) =>
    route.request().method() === "OPTIONS"
      ? route.fallback()
      : route.fulfill({
          status,
          headers: { "access-control-allow-origin": "*" },
          contentType: "application/problem+json",
          body: JSON.stringify({ type: "about:blank", title: code, status, code, requestId: "r" }),
        }),
  );

/** The challenge is there again; it is answered, for the customer's next visit begins with what is left open. */
const approved = async (form: PayForm) => {
  await expect(heading(form, /Confirm with your bank/)).toBeFocused();
  await form.challengeFrame().getByRole("button", { name: "Approve" }).click();
  await expect(form.receipt).toBeVisible();
};

const steps: Step[] = [
  {
    name: "select all, then clear",
    press: async (form) => {
      await pressed(form, /^Select all/);
      await pressed(form, /^Clear/);
    },
    after: (form) => expect(button(form, /^Select all/).first()).toBeVisible(),
    has: /button Select all/,
  },
  {
    name: "the whole list is shown",
    before: (page) => alter(page, /\/v1\/(session|invoices)$/, manyInvoices(60)),
    press: (form) => pressed(form, /^Show all/),
    after: (form) => expect(form.root.getByRole("checkbox")).toHaveCount(60),
    has: /input row:.*-10$/,
  },
  {
    name: "pay in full",
    press: async (form) => {
      await choose(form, "1.00");
      await pressed(form, /^Pay in full/);
    },
    after: (form) => expect(button(form, /^Pay in full/)).toHaveCount(0),
    has: /input amount:/,
  },
  {
    name: "another currency",
    customer: "1043",
    press: async (form) => {
      await form.choose();
      await pressed(form, /^Choose .* instead/);
    },
    after: (form) => expect(form.root.getByRole("checkbox", { checked: true })).toHaveCount(0),
    has: /input row:/,
  },
  {
    name: "the chosen row goes, and the list speaks another language",
    before: async (page) => {
      let times = 0;
      await alter(page, /\/v1\/session$/, (answer) => {
        const many = manyInvoices(5)(answer);
        return times++ ? { ...many, locale: "de", invoices: many.invoices.toSpliced(2, 1) } : many;
      });
    },
    press: async (form) => {
      await form.root.getByRole("checkbox").nth(2).focus();
      await form.root.evaluate((element) => element.setAttribute("locale", "de"));
    },
    after: (form) => expect(form.root.getByRole("checkbox")).toHaveCount(4),
    has: /input row:.*-3$/,
  },
  {
    name: "nothing chosen",
    press: (form) => pressed(form, /^Pay$/),
    after: (form) => expect(form.alert(/at least one invoice/)).toBeVisible(),
    has: /input row:/,
  },
  {
    name: "no card",
    press: async (form) => {
      await choose(form, "5.00");
      await expect(form.cardFrame.getByLabel(/card number/i)).toBeVisible();
      await pressed(form, /^Pay \$/);
    },
    after: (form) => expect(form.cardFrame.getByText("Check the card number.")).toBeVisible(),
    has: /iframe/,
  },
  {
    name: "the card fields are tried again",
    before: (page) => alter(page, /\/v1\/session$/, (answer) => ({ ...answer, methods: [] })),
    press: (form) => pressed(form, /^Try again/),
    after: (form) => expect(heading(form, "Open invoices")).toBeFocused(),
    has: /h2 heading/,
  },
  {
    name: "a decline",
    press: async (form) => {
      await payWith(form, cards.declined);
    },
    after: (form) => expect(form.alert(/Your bank declined/)).toBeVisible(),
    has: /div notice/,
  },
  {
    name: "Enter in the card's last field, and the receipt",
    press: async (form) => {
      await choose(form, uniqueAmount().typed);
      await form.enterCard(cards.debit);
      await form.cardFrame.getByLabel(/security code/i).press("Enter");
    },
    after: (form) => expect(form.receipt).toBeVisible(),
    has: /h2 heading/,
  },
  {
    name: "pay other invoices",
    press: async (form) => {
      await payWith(form, cards.debit);
      await expect(form.receipt).toBeVisible();
      await pressed(form, /^Pay other invoices/);
    },
    after: (form) => expect(heading(form, "Open invoices")).toBeVisible(),
    has: /h2 heading/,
  },
  {
    name: "back from the challenge, and on with it",
    press: async (form) => {
      await toChallenge(form);
      await pressed(form, /^Back to invoices/);
      await expect(heading(form, "Open invoices")).toBeFocused();
      await pressed(form, /^Continue it/);
    },
    after: approved,
    has: /h2 heading/,
  },
  {
    name: "confirmed too early",
    press: async (form) => {
      await toChallenge(form);
      await pressed(form, /^I have confirmed/);
    },
    after: approved,
    has: /h2 heading/,
  },
  {
    name: "approved in the bank's page",
    press: async (form) => {
      await toChallenge(form);
      await form.challengeFrame().getByRole("button", { name: "Approve" }).focus();
      await form.page.keyboard.press("Enter");
    },
    after: (form) => expect(form.receipt).toBeVisible(),
    has: /h2 heading/,
  },
  {
    name: "no session, tried again",
    press: async (form, page) => {
      await payWith(form, cards.debit);
      await expect(form.receipt).toBeVisible();
      await refuse(/\/v1\/invoices/, "erp_unavailable", 503)(page);
      await pressed(form, /^Pay other invoices/);
      await expect(button(form, /^Try again/)).toBeVisible({ timeout: 20_000 });
      await page.unroute(/\/v1\/invoices/);
      await pressed(form, /^Try again/);
    },
    after: (form) => expect(heading(form, "Open invoices")).toBeVisible(),
    has: /h2 heading/,
  },
];

for (const { name, customer, before, press, after, has } of steps) {
  test(`the keyboard stays in the form: ${name}`, async ({ page }) => {
    const watched = await watchFocus(page);
    await before?.(page);
    const form = await openNetsuite(page, customer ? { customer } : {});
    await form.ready();
    await heading(form, "Open invoices").focus();
    await watched.begin();
    await press(form, page);
    await after(form);
    await expect.poll(() => focused(page)).toMatch(has);
    expect(await watched.fallen()).toEqual([]);
  });
}

test("an amount above the balance is announced as refused, and never as nothing selected", async ({
  page,
}) => {
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose();
  const amount = form.root.getByRole("textbox", { name: /amount to pay/i }).first();
  const status = form.root.getByRole("status").first();
  await expect(status).toHaveText(/Selected: 1/);
  await amount.fill("99999999");
  await expect(status).toHaveText(/Amount to pay for .*INV.*Enter at most \$/);
  await amount.fill("abc");
  await amount.press("Enter");
  await expect(status).toHaveText(/Enter an amount such as/);
  await amount.fill("5");
  await amount.press("Enter");
  await expect(status).toHaveText("Selected: 1. Total $5.00.");
  await form.root.getByRole("checkbox", { checked: true }).uncheck();
  await expect(status).toHaveText("Selected: 0. Total $0.00.");
});

test("Enter in a field of the form commits it and charges nothing, whatever is filled in", async ({
  page,
}) => {
  const sent: string[] = [];
  page.on("request", (call) => {
    if (call.method() === "POST" && /\/v1\/(payments|tokens)/.test(call.url())) sent.push(call.url());
  });
  await alter(page, /\/v1\/(session|invoices)$/, manyInvoices(12));
  const form = await openNetsuite(page);
  await form.ready();
  await form.choose("20.00");
  await form.enterCard(cards.debit);
  const amount = form.root.getByRole("textbox", { name: /amount to pay/i }).first();
  await amount.fill("1,2");
  await amount.press("Enter");
  await expect(amount).toHaveValue("1.20");
  await expect(amount).toBeFocused();
  await form.root.getByRole("checkbox", { checked: true }).press("Enter");
  await form.root.getByRole("searchbox").press("Enter");
  // A phone's “Go” submits without a key.
  await form.root.evaluate((element) => element.shadowRoot?.querySelector("form")?.requestSubmit());
  await expect(form.payButton).toHaveText("Pay $1.20");
  await expect(form.payButton).toHaveAttribute("aria-disabled", "false");
  expect(sent).toEqual([]);
});
