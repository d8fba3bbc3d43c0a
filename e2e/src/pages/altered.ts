import type { Page } from "@playwright/test";
import { urls } from "../demo.ts";

// biome-ignore lint/suspicious/noExplicitAny: the edge's answers, changed here by name
type Answer = any;

/** Puts `change` between the edge's answers about `path` and the form. */
export async function alter(page: Page, path: RegExp, change: (answer: Answer) => Answer): Promise<void> {
  await page.route(path, async (route) => {
    if (route.request().method() === "OPTIONS") return route.fallback();
    const { pathname, host } = new URL(route.request().url());
    const headers = { ...(await route.request().allHeaders()), host };
    const answer = await route.fetch({ url: urls.edge + pathname, headers });
    await route.fulfill({ response: answer, json: change(await answer.json()) });
  });
}

/** `count` invoices in place of the first of each answer, so that a list is as long as it must be. */
export const manyInvoices = (count: number, currency?: string) => (answer: Answer) => {
  const [first] = answer.invoices ?? [];
  if (!first) return answer;
  const many = Array.from({ length: count }, (_, at) => ({
    ...first,
    id: `${first.id}-${at}`,
    number: `INV-${20_000 + at}`,
    currency: currency ?? first.currency,
    payableMinor: first.openMinor,
  }));
  return { ...answer, invoices: many };
};
