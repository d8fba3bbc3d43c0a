/**
 * What is typed into a field of ours is for the field. Pages take keys for shortcuts (`/` to search, `2` for the second
 * tab), keep Backspace from going back and Enter from sending; they spare their own fields by what an event's target
 * is, and outside our shadow root that is no field but `<pay-form>`. So what types or edits ends before the page hears
 * of it; Escape, Tab, function keys and a page's own combinations go through, for its dialogs and menus.
 */
const tag = "pay-form";
/** Heard as they come in: a page's listeners of the document, of any phase, come after. Nothing of ours needs them. */
const incoming = ["keydown", "keypress", "keyup", "beforeinput", "paste", "copy", "cut", "contextmenu"];
/** Stopped on the way out, after our own listeners. */
const outgoing = [
  ...incoming,
  "input",
  "selectstart",
  "compositionstart",
  "compositionupdate",
  "compositionend",
];

const guarded = new WeakSet<Window>();
guardTyping(window);

/** Once for each window that an element of ours stands in. */
export function guardTyping(view: Window): void {
  if (guarded.has(view)) return;
  guarded.add(view);
  for (const type of incoming)
    view.addEventListener(
      type,
      (event) => {
        const field = fieldOf(event);
        const host = (field?.getRootNode() as ShadowRoot | undefined)?.host;
        if (field && host?.localName === tag && (!isKey(event) || types(event, field)))
          event.stopImmediatePropagation();
      },
      true,
    );
}

/** What a page does to keys and pointers ends at `root`. */
export function keepTyping(root: ShadowRoot): void {
  const onTheWayOut = (event: Event) => {
    const field = fieldOf(event);
    if (field && (!isKey(event) || types(event, field) || moves(event, field))) event.stopPropagation();
  };
  for (const type of outgoing) root.addEventListener(type, onTheWayOut);
  // Pages that allow no selection refuse the press of the button, and with it the focus.
  root.addEventListener("click", (event) => {
    const field = fieldOf(event);
    if (field && isText(field) && root.activeElement !== field) field.focus();
  });
}

/** Whether keys go into a field of `root`, for pages that ask an element whether it is edited. */
export function isTypedInto({ activeElement }: ShadowRoot): boolean {
  return activeElement !== null && isText(activeElement);
}

function fieldOf(event: Event): HTMLElement | null {
  const [target] = event.composedPath();
  return target instanceof HTMLElement && target.matches("input, textarea, select, button") ? target : null;
}

const isText = (field: Element) =>
  field.matches("textarea, input:not([type=checkbox], [type=radio], [type=button])");
const isKey = (event: Event): event is KeyboardEvent => "key" in event;

/** The key writes, deletes or chooses something in this field. */
function types(event: KeyboardEvent, field: Element): boolean {
  const { key, ctrlKey, metaKey, altKey } = event;
  if (!isText(field)) return key === " ";
  if (event.isComposing || event.keyCode === 229 || /^(Backspace|Delete|Dead|Process)$/.test(key))
    return true;
  // AltGr, and Option on a Mac, write signs.
  if (event.getModifierState("AltGraph") || (altKey && /^[^a-z\d]$/i.test(key))) return true;
  if (ctrlKey || metaKey) return !altKey && /^[acvxyz]$/i.test(key);
  return !altKey && [...key].length === 1;
}

/** Moves within the field, or presses it. */
const moves = ({ key }: KeyboardEvent, field: Element) =>
  key === "Enter" || (isText(field) && /^(Arrow\w+|Home|End|Page\w+)$/.test(key));
