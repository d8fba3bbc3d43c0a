/**
 * The card fields, on the payment provider's origin. The provider serves a bare page:
 *
 *     <!doctype html>
 *     <html lang="en">
 *       <head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Card details</title></head>
 *       <body><script src="/card-frame.js" data-key="pk_…" data-api="/v1"></script></body>
 *     </html>
 *
 * `data-key` is the publishable key, `data-api` the provider's API on this same origin. A strict
 * CSP is enough: `default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none';
 * require-trusted-types-for 'script'`. The page must not be framed by strangers (`frame-ancestors`).
 */

import { CardForm } from "./card-form.ts";
import css from "./card-frame.css?inline";
import type { CardConnect, FromFrame, ToFrame } from "./protocol.ts";
import { providerApi } from "./provider-api.ts";

const script = document.currentScript;
const { key = "", api = "/v1" }: DOMStringMap = script instanceof HTMLScriptElement ? script.dataset : {};
const parentOrigin = originOfParent();

if (parentOrigin && parent !== window) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  document.adoptedStyleSheets.push(sheet);
  const provider = providerApi(api, key);
  const onConnect = (event: MessageEvent<CardConnect>): void => {
    const [port] = event.ports;
    // A form that was taken over from another window of its page speaks for that window: its origin is what counts.
    if (event.origin !== parentOrigin || event.data?.type !== "card-connect" || !port) return;
    removeEventListener("message", onConnect);
    const send = (message: FromFrame) => port.postMessage(message);
    const form = new CardForm(event.data, provider, send);
    port.onmessage = ({ data }: MessageEvent<ToFrame>) => form.receive(data);
    send({ type: "connected" });
  };
  addEventListener("message", onConnect);
  parent.postMessage({ type: "card-ready" }, parentOrigin);
}

/** Of the page that frames this one, or null: then there is nobody to talk to. */
function originOfParent(): string | null {
  const origin = location.ancestorOrigins?.[0] ?? (document.referrer && new URL(document.referrer).origin);
  return origin && origin !== "null" ? origin : null;
}
