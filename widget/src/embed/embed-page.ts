/**
 * Script of the edge's `/embed` page, for hosts that show the form in an IFRAME. The page is
 * `<body data-origins='["https://…"]'>` around one `<pay-form>`. It talks to its parent only when
 * that is one of those origins, and only by these messages:
 *
 * | out | in |
 * |---|---|
 * | `{type:"pay-hello"}` until a token came; `{type:"pay-token-needed"}` for a renewal | `{type:"pay-token", token}` |
 * | `{type:"pay-resize", height}` CSS px | |
 * | `{type:"pay-success", paymentId}` · `{type:"pay-error", code, paymentId, requestId}` | |
 */
import type { PayErrorEvent, PayResizeEvent, PaySuccessEvent } from "../pay-form/events.ts";
import type { PayForm } from "../pay-form/pay-form.ts";

/** The parent's script may start after us: ask until it answers, each pause twice the last up to the longest. */
const firstPauseMs = 250;
const longestPauseMs = 4_000;
const givenUpAfterMs = 30_000;

// By script, because the page's policy allows no inline style.
document.body.style.setProperty("margin", "0");
const form = document.querySelector<PayForm>("pay-form");
const origins: unknown = JSON.parse(document.body.dataset.origins ?? "[]");
const parentOrigin =
  location.ancestorOrigins?.[0] ?? (document.referrer && new URL(document.referrer).origin);

if (form && parent !== window && parentOrigin && Array.isArray(origins) && origins.includes(parentOrigin)) {
  const post = (message: { type: string; [field: string]: unknown }) =>
    parent.postMessage(message, parentOrigin);
  let opened = false;

  form.tokenSource = () =>
    new Promise((resolve, reject) => {
      let timer = 0;
      const ask = (pauseMs: number): void => {
        post({ type: opened ? "pay-token-needed" : "pay-hello" });
        timer = window.setTimeout(() => ask(Math.min(pauseMs * 2, longestPauseMs)), pauseMs);
      };
      const end = () => {
        clearTimeout(timer);
        clearTimeout(limit);
        removeEventListener("message", onMessage);
      };
      const limit = setTimeout(() => {
        end();
        reject(new Error("no token came"));
      }, givenUpAfterMs);
      const onMessage = ({ origin, source, data }: MessageEvent): void => {
        if (
          origin !== parentOrigin ||
          source !== parent ||
          data?.type !== "pay-token" ||
          typeof data.token !== "string"
        )
          return;
        end();
        opened = true;
        resolve(data.token);
      };
      addEventListener("message", onMessage);
      ask(firstPauseMs);
    });

  form.addEventListener("pay-resize", (event) => {
    post({ type: "pay-resize", height: (event as PayResizeEvent).detail.height });
  });
  form.addEventListener("pay-success", (event) => {
    post({ type: "pay-success", paymentId: (event as PaySuccessEvent).detail.paymentId });
  });
  form.addEventListener("pay-error", (event) => {
    const { code, paymentId, requestId } = (event as PayErrorEvent).detail;
    post({ type: "pay-error", code, paymentId, requestId });
  });
  post({ type: "pay-resize", height: Math.ceil(form.getBoundingClientRect().height) });
}
