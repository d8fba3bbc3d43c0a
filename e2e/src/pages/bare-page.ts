import type { Page } from "@playwright/test";
import { urls } from "../demo.ts";
import { PayForm } from "./pay-form.ts";

/** What an admin pastes, taken from the stand-ins' own pages: script elements with address and integrity. */
export async function snippets(): Promise<{ form: string; loader: string }> {
  const scriptOf = async (address: string) => {
    const html = await (await fetch(address)).text();
    const [script] = /<script src="[^"]+"[^>]*><\/script>/.exec(html) ?? [];
    if (!script) throw new Error(`no script in ${address}`);
    return script;
  };
  return {
    form: await scriptOf(`${urls.netsuiteApi}/app/center/card.nl?customer=1045`),
    loader: await scriptOf(`${urls.d365Api}/WebResources/contoso_pay.html`),
  };
}

export interface BarePage {
  head?: string;
  body: string;
  /** Default: the NetSuite stand-in's, which the tenant's edge lets embed the form. */
  origin?: string;
  headers?: Record<string, string>;
}

let pages = 0;

/** A page of a host's own, on its origin. The test grants `local-network-access`: such a page came from nowhere. */
export async function openBare(page: Page, bare: BarePage): Promise<PayForm> {
  const { head = "", body, origin = urls.netsuite, headers = {} } = bare;
  const address = `${origin}/bare/${++pages}`;
  await page.route(address, (route) =>
    route.fulfill({
      contentType: "text/html; charset=utf-8",
      headers,
      body: `<!doctype html><html lang="en"><head><meta charset="utf-8">${head}</head><body>${body}</body></html>`,
    }),
  );
  await page.goto(address);
  return new PayForm(page);
}

export interface Traffic {
  /** `POST http://…/v1/session`, in order. */
  sent: string[];
  /** Origins that were asked for anything at all. */
  origins: () => string[];
  /** Embed tokens and access tokens that went to another origin than the edge. */
  leaked: string[];
}

/** Whom the page talks to, and who gets a token. */
export function watchTraffic(page: Page, tokens: readonly string[] = []): Traffic {
  const traffic: Traffic = {
    sent: [],
    leaked: [],
    origins: () => [...new Set(traffic.sent.map((line) => new URL(line.split(" ")[1] ?? "").origin))].sort(),
  };
  page.on("request", (request) => {
    const { origin } = new URL(request.url());
    traffic.sent.push(`${request.method()} ${request.url()}`);
    const all = `${request.url()} ${request.postData() ?? ""} ${JSON.stringify(request.headers())}`;
    const isOurs = origin === urls.acme || origin === urls.globex;
    if (!isOurs && (/DPoP /.test(all) || tokens.some((token) => all.includes(token)))) {
      traffic.leaked.push(request.url());
    }
  });
  return traffic;
}
