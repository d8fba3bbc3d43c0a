/**
 * The card fields, on the payment provider's origin. The provider serves a bare page with this script inside, so that
 * the payer waits for one answer and not for two:
 *
 *     <!doctype html>
 *     <html lang="en">
 *       <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Card details</title></head>
 *       <body><script data-key="pk_…" data-api="/v1">…</script></body>
 *     </html>
 *
 * `data-key` is the publishable key, `data-api` the provider's API on this same origin. A strict CSP is enough:
 * `default-src 'none'; script-src 'sha384-…'; connect-src 'self'; base-uri 'none'; require-trusted-types-for 'script'`.
 * The page must not be framed by strangers (`frame-ancestors`).
 */

import { speakToForm } from "../frame-protocol/frame-side.ts";
import { versions } from "../frame-protocol/protocol.ts";
import { CardForm } from "./card-form.ts";
import css from "./card-frame.css?inline";
import { providerApi } from "./provider-api.ts";

const script = document.currentScript;
const { key = "", api = "/v1" }: DOMStringMap = script instanceof HTMLScriptElement ? script.dataset : {};
const provider = providerApi(api, key);

speakToForm({
  versions,
  open(connect, send) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets.push(sheet);
    const form = new CardForm(connect, provider, send);
    return (message) => form.receive(message);
  },
});
