import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
import type { Page } from "@playwright/test";

/** Scripts that an ERP's page is pinned to: the other two are of the edge's and the provider's own pages. */
type Pinned = "pay-form.js" | "loader.js";

/**
 * Lets the host's page be the one it was before the last release: its tag has the former script's hash, and what is
 * loaded are those bytes. Everything else is today's: edge, framed page, card fields, server.
 */
export async function pinToFormer(page: Page, name: Pinned): Promise<void> {
  const bytes = brotliDecompressSync(readFileSync(new URL(`../../former/${name}.br`, import.meta.url)));
  const integrity = `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
  const tag = new RegExp(`(<script[^>]* src="[^"]*/v/)[^/"]+(/${name}" integrity=")[^"]+`);
  // A page that a test hands over stands nowhere, and may not reach this machine by itself.
  await page.context().grantPermissions(["local-network-access"]);
  await page.route(/\.localhost:\d+\/(app\/center\/card\.nl|main\.aspx)/, async (route) => {
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
