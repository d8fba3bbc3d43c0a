import { createHash } from "node:crypto";
import { html, raw } from "hono/html";

/**
 * The hosted card frame: an empty page with its one script inside, so that the payer waits for one answer. The script
 * draws the fields and does the handshake.
 *
 * @returns the page, and what its policy's `script-src` has to be: that script, and no other
 * @throws Error when the script cannot stand inside a page
 */
export function cardPage({ script, publishableKey }: { script: string; publishableKey: string }) {
  // What would end the element, or change how its end is found (HTML, "restrictions for contents of script elements").
  if (/<!--|<\/?script/i.test(script)) throw new Error("the card frame's script would end its own element");
  const digest = createHash("sha384").update(script).digest("base64");
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Card details</title>
      </head>
      <body><script data-key="${publishableKey}" data-api="/v1">${raw(script)}</script></body>
    </html>`;
  return { page, scriptSource: `'sha384-${digest}'` };
}
