import { tokens } from "@clarity/themes";

/**
 * `custom-elements.json` (Custom Elements Manifest 1.0.0) from the tagged header of an element:
 * `@tag`, `@attr`, `@fires`, `@csspart`. The public CSS properties are those its stylesheet uses (its
 * private `--_x` is the public `--pay-x`), described as the themes describe them.
 */
export interface ManifestInput {
  /** Source text of the element. */
  source: string;
  /** Source text of its stylesheet. */
  css: string;
  path: string;
}

/** @throws Error when there is no header, or the stylesheet uses a property no theme sets */
export function elementManifest({ source, css, path }: ManifestInput) {
  const header = /\/\*\*((?:(?!\*\/)[\s\S])*@tag[\s\S]*?)\*\/\s*export class (\w+)/.exec(source);
  if (!header?.[1]) throw new Error(`${path} has no header with @tag`);
  const lines = header[1].split("\n").map((line) => line.replace(/^\s*\* ?/, ""));
  const tagged = (tag: string) =>
    lines
      .map((line) =>
        new RegExp(`^@${tag} (?:\\{([^}]+)\\} )?([\\w-]+)(?: \\{([^}]+)\\})?(?: - (.*))?$`).exec(line),
      )
      .filter((match) => match !== null)
      .map(([, before, name = "", after, description = ""]) => ({
        name,
        type: before ?? after,
        description,
      }));
  const type = (text: string | undefined) => (text ? { type: { text } } : {});
  const declaration = {
    kind: "class",
    customElement: true,
    name: header[2],
    tagName: tagged("tag")[0]?.name,
    description: lines.filter((line) => line && !line.startsWith("@")).join(" "),
    attributes: tagged("attr").map((each) => ({
      name: each.name,
      ...type(each.type),
      description: each.description,
    })),
    events: tagged("fires").map((each) => ({
      name: each.name,
      ...type(each.type),
      description: each.description,
    })),
    cssParts: tagged("csspart").map(({ name, description }) => ({ name, description })),
    cssProperties: publicProperties(css),
  };
  return {
    schemaVersion: "1.0.0",
    modules: [
      {
        kind: "javascript-module",
        path,
        declarations: [declaration],
        exports: [
          { kind: "custom-element-definition", name: declaration.tagName, declaration: { name: header[2] } },
        ],
      },
    ],
  };
}

function publicProperties(css: string): { name: string; description: string }[] {
  const used = new Set([...css.matchAll(/--_([a-z-]+)/g)].map(([, name = ""]) => name));
  return [...used].sort().map((name) => {
    const token = tokens.find((each) => each.name === name);
    if (!token) throw new Error(`--_${name} is no token of the themes`);
    return { name: `--pay-${name}`, description: token.description };
  });
}
