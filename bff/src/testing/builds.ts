import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Subresource Integrity of some bytes: `sha384-…`. */
export const integrityOf = (text: string): string =>
  `sha384-${createHash("sha384").update(text).digest("base64")}`;

/** The same as one segment of an address. */
export const addressOf = (text: string): string => createHash("sha384").update(text).digest("base64url");

export interface WrittenBuild {
  version: string;
  /** Content by file name. */
  scripts: Record<string, string>;
  /** Said in the manifest beside what a build must say, such as `retiredOn`. */
  more?: Record<string, unknown>;
}

/** What a page needs of its two scripts, other in each version. */
export const scriptsOf = (version: string): Record<string, string> => ({
  "pay-form.js": `"${"use strict ".repeat(50)}";/* the form of ${version} */`,
  "embed-page.js": `/* the framed page of ${version} */`,
});

/** A build of the widget in one language, into a folder that may hold others beside it. */
export async function writeBuild(dir: string, { version, scripts, more = {} }: WrittenBuild): Promise<void> {
  const words = JSON.stringify({ pay: "Pay" });
  const named = (text: string, path: string) => ({ path, integrity: integrityOf(text) });
  const manifest = {
    version,
    files: Object.fromEntries(
      Object.entries(scripts).map(([name, text]) => [
        name,
        { ...named(text, name), trustedTypes: name === "pay-form.js" ? ["pay-form"] : [] },
      ]),
    ),
    locales: { en: named(words, "locales/en.json") },
    ...more,
  };
  const files = { ...scripts, "locales/en.json": words, "manifest.json": JSON.stringify(manifest) };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}
