import { html } from "hono/html";
import type { Asset } from "../http/pages.ts";

/** The hosted card frame: an empty page; the script draws the fields and does the handshake. */
export function cardPage({ script, publishableKey }: { script: Asset; publishableKey: string }) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Card details</title>
        <script
          src="/card-frame.js?v=${script.version}"
          integrity="${script.integrity}"
          data-key="${publishableKey}"
          data-api="/v1"
          defer
        ></script>
      </head>
      <body></body>
    </html>`;
}
