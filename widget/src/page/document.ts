/**
 * The document as the browser has it. A page's markup can stand in for nearly every property of `document`:
 * `<img name="currentScript">`, `<form name="body">`, `<object id="createElement">` (HTML, "named access on the
 * Document object"). What is asked here goes to the prototypes instead, which markup cannot reach. The build puts
 * it in the place of every free `document` of a bundle.
 */
export const realDocument = unclobbered(window.document);

/** For Lit, which needs a document to make nodes with, and to be one: without markup there is nothing to stand in. */
export const blankDocument = realDocument.implementation.createHTMLDocument("");

export function unclobbered(document: Document): Document {
  const prototype = Object.getPrototypeOf(document);
  return new Proxy({} as Document, {
    get: (_, name) => {
      const value = Reflect.get(prototype, name, document);
      return typeof value === "function" ? value.bind(document) : value;
    },
    set: (_, name, value) => Reflect.set(prototype, name, value, document),
  });
}
