import { html } from "hono/html";
import { type Asset, pathOf } from "../http/pages.ts";

/** The hosted card frame: an empty page; the script draws the fields and does the handshake. */
export function cardPage({ script, publishableKey }: { script: Asset; publishableKey: string }) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Card details</title>
        <script
          src="${pathOf("card-frame.js", script)}"
          integrity="${script.integrity}"
          crossorigin="anonymous"
          data-key="${publishableKey}"
          data-api="/v1"
          defer
        ></script>
      </head>
      <body></body>
    </html>`;
}
