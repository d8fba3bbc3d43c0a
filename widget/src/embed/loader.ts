/**
 * The host's side of the IFRAME embed, pasted by an admin as
 *
 *     <script src="https://…/loader.js" integrity="sha384-…" crossorigin="anonymous"
 *             data-frame="#pay" data-token-url="/api/pay-token"></script>
 *
 * `data-frame`: CSS selector of the IFRAME, which may appear later. `data-token-url`: address on the
 * host's origin, asked by `POST` with the IFRAME's query (the record's context, without `locale` and
 * `theme-mode`, which are the form's own) as JSON, answers `{"token": "…"}`; or `data-token`: one token, for one session. The frame is answered only at the
 * origin of its own `src`. `pay-success` and `pay-error` are raised on the IFRAME as CustomEvents.
 */
const { frame: selector = "iframe", tokenUrl, token } = (document.currentScript as HTMLScriptElement).dataset;
let asking = false;

addEventListener("message", async ({ origin, source, data }: MessageEvent) => {
  const frame = document.querySelector<HTMLIFrameElement>(selector);
  if (!frame || source !== frame.contentWindow || !source || origin !== originOf(frame.src)) return;
  if (data?.type === "pay-resize" && data.height > 0 && data.height < 100_000) {
    frame.style.setProperty("height", `${data.height}px`);
  } else if (data?.type === "pay-success" || data?.type === "pay-error") {
    frame.dispatchEvent(new CustomEvent(data.type, { detail: data, bubbles: true }));
  } else if ((data?.type === "pay-hello" || data?.type === "pay-token-needed") && !asking) {
    asking = true;
    const answer = await tokenFor(frame).finally(() => {
      asking = false;
    });
    if (answer) frame.contentWindow?.postMessage({ type: "pay-token", token: answer }, origin);
  }
});

async function tokenFor(frame: HTMLIFrameElement): Promise<string | undefined> {
  if (!tokenUrl) return token;
  const query = new URL(frame.src).searchParams;
  // What hosts declare as their parameters knows nothing of ours.
  for (const own of ["locale", "theme-mode"]) query.delete(own);
  const context = Object.fromEntries(query);
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(tokenUrl, { method: "POST", headers, body: JSON.stringify(context) });
    return response.ok ? (await response.json()).token : undefined;
  } catch {
    // The frame asks again.
    return undefined;
  }
}

function originOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).origin : null;
}
