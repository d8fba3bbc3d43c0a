import { edgeOf } from "./addresses.ts";

export interface OwnScript {
  /** Origin of the edge that serves us: where the API is. */
  edge: string;
  /** Its own address. */
  src: string;
  /** `data-…` of our own element. */
  data: DOMStringMap;
}

/**
 * The script element that runs us, which no markup can stand in for: the browser's own answer (`document` is
 * `page/document.ts` here), and an element of the right kind with an address of ours. Call it while the script runs
 * for the first time. Anything else, and nobody is told anything: one line in the console says what to do.
 */
export function ownScript(file: "pay-form.js" | "loader.js"): OwnScript | null {
  const script = document.currentScript ?? moduleThatRuns();
  if (script instanceof HTMLScriptElement) {
    const address = {
      written: script.getAttribute("src") ?? "",
      resolved: script.src,
      page: location.href,
    };
    const edge = edgeOf(address, file);
    if (edge) return { edge, src: script.src, data: script.dataset };
  }
  console.error(
    `${file} was not loaded from a payment edge and sends nothing. Use <script src="https://…/v/…/${file}">, the whole address: no copy, not inlined, not imported.`,
  );
  return null;
}

/** A module is no document's current script; the engine's own trace begins with the address of what runs. */
function moduleThatRuns(): HTMLScriptElement | undefined {
  const [address] = /https?:\/\/[^\s()]+?(?=:\d+:\d+)/.exec(new Error().stack ?? "") ?? [];
  // One with such an address that is no module did not run, or has said so itself.
  return [...document.scripts].find(({ type, src }) => type === "module" && src === address);
}
