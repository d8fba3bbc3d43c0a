import type { Focus } from "./state.ts";

/** What had the keyboard before a paint, by name too: rows are drawn anew. */
export interface Held {
  element: HTMLInputElement;
  name: string | undefined;
  inList: boolean;
  /** Of a text, where typing goes on. */
  caret: readonly [number | null, number | null];
}

export function heldIn(root: ShadowRoot): Held | null {
  const element = root.activeElement as HTMLInputElement | null;
  if (!element) return null;
  const { dataset, selectionStart, selectionEnd } = element;
  return {
    element,
    name: dataset.focus,
    inList: element.closest(".lists") !== null,
    caret: [selectionStart ?? null, selectionEnd ?? null],
  };
}

export function nameOf(focus: Focus): string {
  if (typeof focus === "object") return `amount:${focus.amountOf}`;
  return focus === "list" ? "row:" : focus;
}

/**
 * The keyboard after a paint: where the flow sends it, and otherwise where it was. When that is gone, hidden or locked
 * it goes to the nearest thing there is; never to the page around, where the next Tab begins at the top.
 */
export function placeFocus(root: ShadowRoot, wanted: string | null, held: Held | null): void {
  if (wanted && give(root, wanted)) return;
  if (!held || (!isLost(held.element) && stays(root, held))) return;
  for (const name of [
    held.name,
    held.inList && "row:",
    held.name === "card" && "card-title",
    "pay",
    "heading",
  ]) {
    if (name && give(root, name)) return;
  }
}

/** An element that only moved has its focus back, and a text its caret. */
function stays(root: ShadowRoot, { element, caret }: Held): boolean {
  if (root.activeElement === element) return true;
  element.focus({ preventScroll: true });
  if (caret[0] !== null) element.setSelectionRange(...caret);
  return root.activeElement === element;
}

function give(root: ShadowRoot, name: string): boolean {
  const at = name.endsWith(":")
    ? `[data-focus^="${name}"][tabindex="0"]`
    : `[data-focus="${CSS.escape(name)}"]`;
  const fit = [...root.querySelectorAll<HTMLElement>(at)].find(
    (each) => !isLost(each) && each.checkVisibility(),
  );
  fit?.focus();
  return fit !== undefined;
}

/** Told by the markup alone: a question of style would have all of it worked out before the paint. */
const isLost = (element: HTMLElement): boolean =>
  !element.isConnected ||
  element.closest("[hidden], [inert], .away") !== null ||
  element.matches(":disabled");
