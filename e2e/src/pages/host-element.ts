import { expect, type Page } from "@playwright/test";
import { embedToken } from "../demo.ts";
import { openBare, snippets } from "./bare-page.ts";
import { cards, type PayForm } from "./pay-form.ts";

export const cascade = { id: "1045", name: "Cascade Retail Group" };
export const northgate = { id: "1042", name: "Northgate Millworks" };

declare global {
  interface Window {
    /** What the form raised, in order. */
    events: { type: string; detail: Record<string, unknown> }[];
    /** The element, kept as frameworks keep it. */
    form: HTMLElement & { tokenSource?: unknown };
  }
}

const noting = `<script>
  window.events = [];
  for (const type of ["pay-ready", "pay-success", "pay-error"])
    addEventListener(type, ({ detail }) => events.push({ type, detail }));
  addEventListener("DOMContentLoaded", () => { window.form = document.querySelector("pay-form"); });
</script>`;

/** A host page with this markup in `#here` and room in `#there`; `before` stands ahead of the form's script. */
export async function openElement(page: Page, markup: string, before = ""): Promise<PayForm> {
  const { form: script } = await snippets();
  return openBare(page, {
    head: noting,
    body: `<div id="here">${before}${script}${markup}</div><div id="there"></div>`,
  });
}

export const openFor = (page: Page, customer = cascade.id) =>
  openElement(page, `<pay-form token="${embedToken(customer)}"></pay-form>`);

export const setAttribute = (page: Page, name: string, value: string) =>
  page.evaluate(([attribute = "", text = ""]) => window.form.setAttribute(attribute, text), [name, value]);

export const moveInPage = (page: Page) =>
  page.evaluate(() => document.querySelector("#there")?.append(window.form));

/** Long enough that it is no move. */
export const takeOutAndPutBack = (page: Page) =>
  page.evaluate(async () => {
    window.form.remove();
    await new Promise((resolve) => setTimeout(resolve, 200));
    document.querySelector("#there")?.append(window.form);
  });

export const eventsOf = (page: Page, type: string) =>
  page.evaluate((wanted) => window.events.filter((event) => event.type === wanted), type);

/** Fields that take a card, a button that would pay: all but the press. */
export async function expectWorking(form: PayForm): Promise<void> {
  await form.ready();
  await form.choose("20.00");
  await form.enterCard(cards.debit);
  await expect(form.payButton).toHaveAttribute("aria-disabled", "false");
  await expect(form.payButton).toContainText("20.00");
}

/** Embed tokens that were traded, and the keys that were proved with them. */
export function sessionsOf(page: Page): { tokens: string[]; keys: string[] } {
  const seen = { tokens: [] as string[], keys: [] as string[] };
  page.on("request", (call) => {
    if (call.method() !== "POST" || !call.url().endsWith("/v1/session")) return;
    seen.tokens.push(call.postDataJSON().token);
    const [header = ""] = (call.headers().dpop ?? "").split(".");
    seen.keys.push(JSON.stringify(JSON.parse(Buffer.from(header, "base64url").toString()).jwk));
  });
  return seen;
}
