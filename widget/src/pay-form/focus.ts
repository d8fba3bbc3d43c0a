/**
 * Draws, and leaves the keyboard where it was: an element that only moved has its focus back, and a text its caret.
 * @returns whether the element that had it is gone
 */
export function keepingFocus(root: ShadowRoot, draw: () => void): boolean {
  const held = root.activeElement as HTMLInputElement | null;
  const [start = null, end = null] = [held?.selectionStart, held?.selectionEnd];
  draw();
  if (!held || root.activeElement === held) return false;
  if (!held.isConnected) return true;
  held.focus({ preventScroll: true });
  if (start !== null) held.setSelectionRange(start, end);
  return false;
}
