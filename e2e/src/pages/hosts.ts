import { expect, type Page } from "@playwright/test";
import { urls } from "../demo.ts";
import { PayForm } from "./pay-form.ts";

export interface HostOptions {
  customer?: string;
  locale?: string;
  themeMode?: "light" | "dark";
}

const query = ({ locale, themeMode }: HostOptions) =>
  (locale ? `&locale=${locale}` : "") + (themeMode ? `&theme-mode=${themeMode}` : "");

/** The NetSuite-looking customer centre: the form stands in the page itself. */
export async function openNetsuite(page: Page, options: HostOptions = {}): Promise<PayForm> {
  await page.goto(
    `${urls.netsuite}/app/center/card.nl?customer=${options.customer ?? "1045"}${query(options)}`,
  );
  return new PayForm(page);
}

/** The way to the payment form in D365: the control of a web resource, and the edge's `/embed` in that. */
export const d365Frames = ["iframe[src*='/WebResources/']", "iframe[src*='/embed']"] as const;

/** The D365-looking form: the payment form stands in an IFRAME within an HTML web resource. */
export async function openD365(page: Page, options: HostOptions = {}): Promise<PayForm> {
  await page.goto(
    `${urls.d365}/main.aspx?pagetype=entityrecord&etn=account${options.customer ? `&id=${encodeURIComponent(options.customer)}` : ""}${query(options)}`,
  );
  const [control, embed] = d365Frames;
  return new PayForm(page, page.frameLocator(control).frameLocator(embed));
}

/** The seller's own website: the form in a page of many hands, which moves it about. */
export async function openWebsite(page: Page): Promise<PayForm> {
  await page.goto(`${urls.website}/website/billing`);
  return new PayForm(page);
}

/** Collects what a strict page must not have: CSP violations and script errors, of every frame. */
export async function watch(page: Page): Promise<{ violations: string[]; errors: string[] }> {
  const seen = { violations: [] as string[], errors: [] as string[] };
  await page.exposeBinding("__reportViolation", (_source, text: string) => void seen.violations.push(text));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      const report = (globalThis as unknown as { __reportViolation(text: string): void }).__reportViolation;
      report(
        `${location.origin}: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
      );
    });
  });
  page.on("pageerror", (error) => void seen.errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") seen.errors.push(message.text());
  });
  return seen;
}

export function expectClean(seen: { violations: string[]; errors: string[] }): void {
  expect(seen.violations, "no CSP or Trusted Types violation in any frame").toEqual([]);
  expect(seen.errors, "no script error in any frame").toEqual([]);
}
