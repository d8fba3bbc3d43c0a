/** What the form is made of; a page that breaks one of them breaks the form. */
const needed =
  "fetch Promise Promise.prototype.then Array.from Array.prototype.map Array.prototype.filter Array.prototype.find Object.keys JSON.parse Intl.NumberFormat Intl.NumberFormat.prototype.formatToParts Intl.DateTimeFormat Intl.DisplayNames URL AbortController Response.prototype.json crypto.subtle.sign setTimeout ResizeObserver customElements.define HTMLElement EventTarget.prototype.addEventListener";
const said = new Set<string>();

/** Whether it is the browser's own, by its text: where a page has put something in its place, this can only tell. */
export function isBrowsersOwn(path: string): boolean {
  try {
    let at: object = globalThis;
    for (const name of path.split(".")) at = Reflect.get(at, name);
    return /\[native code\]\s*\}$/.test(Function.prototype.toString.call(at));
  } catch {
    return false;
  }
}

/** What nobody foresaw, in one line for whoever keeps the page; each once. It asks nothing of the arrays it may have to tell of. */
export function complain(error: unknown): void {
  let others = "";
  for (const path of needed.split(" ")) if (!isBrowsersOwn(path)) others += ` ${path}`;
  const line = `pay-form.js: ${error}. ${others && `This page has replaced or removed${others}. `}Let pay-form.js be the page's first script, without async or defer.`;
  if (said.has(line)) return;
  said.add(line);
  console.error(line);
}
