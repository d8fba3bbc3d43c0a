import { type DefaultTreeAdapterTypes, parse } from "parse5";

/** An element's attributes, names in lower case. */
export type Tag = Readonly<Record<string, string | undefined>>;

/** What of a page has to do with the form, as a browser's parser sees it. */
export interface PageTags {
  readonly scripts: readonly Tag[];
  readonly forms: readonly Tag[];
  readonly frames: readonly Tag[];
  /** Content-Security-Policies said in the page itself. */
  readonly policies: readonly string[];
  /** `<base href>`. */
  readonly base: string | null;
}

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

export function readTags(html: string): PageTags {
  const elements = [...elementsOf(parse(html))];
  const named = (name: string) => elements.filter(({ tagName }) => tagName === name).map(attributesOf);
  const policies = named("meta")
    .filter((meta) => meta["http-equiv"]?.toLowerCase() === "content-security-policy")
    .map(({ content = "" }) => content);
  return {
    scripts: named("script"),
    forms: named("pay-form"),
    frames: named("iframe"),
    policies,
    base: named("base").find(({ href }) => href !== undefined)?.href ?? null,
  };
}

function* elementsOf(node: Node): Generator<Element> {
  if ("tagName" in node) yield node;
  if ("childNodes" in node) for (const child of node.childNodes) yield* elementsOf(child);
}

const attributesOf = ({ attrs }: Element): Tag =>
  Object.fromEntries(attrs.map(({ name, value }) => [name.toLowerCase(), value]));
