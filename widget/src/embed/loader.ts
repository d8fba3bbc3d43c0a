/**
 * The host's side of the IFRAME embed, pasted by an admin as
 *
 *     <script src="https://…/v/…/loader.js" integrity="sha384-…" crossorigin="anonymous"
 *             data-frame="#pay" data-token-url="/api/pay-token"></script>
 *
 * `data-frame`: CSS selector of the IFRAME, which may appear later. `data-token-url`: address on the
 * host's origin, asked by `POST` with the IFRAME's query (the record's context, without `locale` and
 * `theme-mode`, which are the form's own) as JSON, answers `{"token": "…"}`; or `data-token`: one token, for one session. Only a frame at the origin that this
 * script came from is answered, whatever else in the page fits the selector. `pay-success` and
 * `pay-error` are raised on the IFRAME as CustomEvents, ids only.
 */
import { ownScript } from "../page/own-script.ts";

/** A host that does not answer is asked again with the frame's next question. */
const timeoutMs = 20_000;

const own = ownScript("loader.js");
const { frame: selector = "iframe", tokenUrl, token } = own?.data ?? {};
let asking = false;

if (own) addEventListener("message", onMessage);

async function onMessage({ origin, source, data }: MessageEvent): Promise<void> {
  const frame = source ? frameOf(source) : undefined;
  if (!frame) return;
  if (origin !== own?.edge) {
    if (data?.type === "pay-hello") console.error(`loader.js: only a frame at ${own?.edge} gets a token`);
    return;
  }
  if (data?.type === "pay-resize" && data.height > 0 && data.height < 100_000) {
    frame.style.setProperty("height", `${data.height}px`);
  } else if (data?.type === "pay-success" || data?.type === "pay-error") {
    const { type, paymentId, code, requestId } = data;
    const detail = { type, paymentId, code, requestId };
    frame.dispatchEvent(new CustomEvent(type, { detail, bubbles: true }));
  } else if ((data?.type === "pay-hello" || data?.type === "pay-token-needed") && !asking) {
    asking = true;
    const answer = tokenUrl ? await fetchToken(tokenUrl, frame.src) : token;
    asking = false;
    if (answer) frame.contentWindow?.postMessage({ type: "pay-token", token: answer }, origin);
  }
}

/** The one that speaks; markup may hold others that fit the selector as well. */
function frameOf(source: MessageEventSource): HTMLIFrameElement | undefined {
  const fits = (each: Element): each is HTMLIFrameElement =>
    each instanceof HTMLIFrameElement && each.contentWindow === source;
  return [...document.querySelectorAll(selector)].find(fits);
}

/** Undefined: the frame asks again. */
async function fetchToken(address: string, frameSrc: string): Promise<string | undefined> {
  const url = URL.parse(address, location.href);
  if (url?.origin !== location.origin) {
    console.error(
      `loader.js: data-token-url must be an address of this page's own origin, ${location.origin}`,
    );
    return undefined;
  }
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(contextOf(frameSrc)),
      mode: "same-origin",
      redirect: "error",
      cache: "no-store",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answer = response.ok ? (await response.json())?.token : undefined;
    return typeof answer === "string" ? answer : undefined;
  } catch {
    return undefined;
  }
}

/** What hosts declare as their parameters knows nothing of ours. */
function contextOf(frameSrc: string): Record<string, string> {
  const {
    locale: _,
    "theme-mode": __,
    ...context
  } = Object.fromEntries(URL.parse(frameSrc)?.searchParams ?? []);
  return context;
}
