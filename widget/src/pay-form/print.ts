import { unclobbered } from "../page/document.ts";

/**
 * Prints a copy of the receipt alone, from a frame of its own: the host page's other content and
 * its print styles stay out, and an empty document needs no exception in a strict CSP.
 */
export function printAlone(receipt: Element, sheets: readonly string[]): void {
  const page = unclobbered(receipt.ownerDocument);
  const frame = page.createElement("iframe");
  frame.style.setProperty("position", "fixed");
  frame.style.setProperty("inset-inline-start", "-10000px");
  frame.style.setProperty("width", "210mm");
  frame.setAttribute("aria-hidden", "true");
  page.body.append(frame);
  const inner = frame.contentWindow as (Window & typeof globalThis) | null;
  if (!inner) return;
  const host = inner.document.createElement("div");
  host.setAttribute("theme-mode", "light");
  inner.document.title = page.title;
  inner.document.body.append(host);
  const root = host.attachShadow({ mode: "closed" });
  root.adoptedStyleSheets = sheets.map((text) => {
    const sheet = new inner.CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
  root.append(inner.document.importNode(receipt, true));
  const shadow = receipt.getRootNode() as ShadowRoot;
  const had = shadow.activeElement as HTMLElement | null;
  inner.addEventListener("afterprint", () => frame.remove());
  inner.focus();
  inner.print();
  // The frame took the keyboard, and would take it along when it goes.
  had?.focus();
}
