import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
import type { Page } from "@playwright/test";

/** The pages that hold a script of ours; the other two scripts are of the edge's and the provider's own pages. */
const holders = { "pay-form.js": /\/app\/center\/card\.nl/, "loader.js": /\/WebResources\// };

const formerBytes = (name: string) =>
  brotliDecompressSync(readFileSync(new URL(`../../former/${name}.br`, import.meta.url)));

/** Lets the provider's page be the one of the last release, with its script beside it. */
export async function serveFormerFrame(page: Page): Promise<void> {
  await page.context().grantPermissions(["local-network-access"]);
  await page.route("**/card?key=*", (route) => {
    const key = new URL(route.request().url()).searchParams.get("key");
    return route.fulfill({
      contentType: "text/html; charset=utf-8",
      body: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Card details</title>
        <script src="/former/card-frame.js" data-key="${key}" data-api="/v1" defer></script></head><body></body></html>`,
    });
  });
  await page.route("**/former/card-frame.js", (route) =>
    route.fulfill({ contentType: "text/javascript; charset=utf-8", body: formerBytes("card-frame.js") }),
  );
}

/**
 * Lets the host's page be the one it was before the last release: its tag has the former script's hash, and what is
 * loaded are those bytes. Everything else is today's: edge, framed page, card fields, server.
 */
export async function pinToFormer(page: Page, name: keyof typeof holders): Promise<void> {
  const bytes = formerBytes(name);
  const integrity = `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
  const tag = new RegExp(`(<script[^>]* src="[^"]*/v/)[^/"]+(/${name}" integrity=")[^"]+`);
  // A page that a test hands over stands nowhere, and may not reach this machine by itself.
  await page.context().grantPermissions(["local-network-access"]);
  await page.route(holders[name], async (route) => {
    // Only the browser itself resolves names below localhost.
    const url = new URL(route.request().url());
    const headers = { ...route.request().headers(), host: url.host };
    url.hostname = "127.0.0.1";
    const answer = await route.fetch({ url: url.href, headers });
    const html = await answer.text();
    if (!tag.test(html)) throw new Error(`the host's page has no ${name}`);
    await route.fulfill({ response: answer, body: html.replace(tag, `$1former$2${integrity}`) });
  });
  await page.route(`**/v/former/${name}`, (route) =>
    route.fulfill({
      body: bytes,
      contentType: "text/javascript; charset=utf-8",
      headers: { "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin" },
    }),
  );
}
