/**
 * Builds `dist/`: every script a page loads, as one classic script each, and what the edge needs to
 * serve them: `manifest.json` (integrity, sizes, why each script is there), `locales/*.json`, `custom-elements.json`.
 * `node widget/build.ts` from anywhere. Fails when a script is above its limit.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { build, type Plugin } from "vite";
import { elementManifest } from "./build/element-manifest.ts";
import { type BuildManifest, builtScript, pinned } from "./build/manifest.ts";
import { ownStandard } from "./build/own-standard.ts";
import { locales } from "./src/locales/index.ts";

const root = import.meta.dirname;

interface Script {
  file: string;
  entry: string;
  /** Brotli-11 bytes. */
  limit: number;
  /** First statement inside the function around the script. */
  intro?: string;
}

const scripts: readonly Script[] = [
  {
    file: "pay-form.js",
    entry: "src/pay-form/index.ts",
    limit: 31_000,
    // Loaded twice, or in two versions: the first one stays. An element of the page's own is none of ours.
    intro: `const taken=customElements.get("pay-form");if(taken){taken.observedAttributes?.includes("token-url")||console.error("pay-form.js: <pay-form> is defined by another script of this page. Let pay-form.js come first, or rename that element.");return}`,
  },
  { file: "card-frame.js", entry: "src/card-frame/index.ts", limit: 6_000 },
  { file: "embed-page.js", entry: "src/embed/embed-page.ts", limit: 2_000 },
  { file: "loader.js", entry: "src/embed/loader.ts", limit: 2_000 },
];

const dist = join(root, "dist");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

/**
 * Lit announces its version in a global of the page, makes a Trusted Types policy under its own name, and asks the
 * page's own `document`; ours says what to do where a page allows no policy, and cannot be stood in for.
 */
const imports = [
  `import{templatePolicy}from${JSON.stringify(join(root, "src/page/trusted-html.ts"))};`,
  `import{blankDocument as document}from${JSON.stringify(join(root, "src/page/document.ts"))};`,
].join("");

/** And templates are indented for people. */
const quiet: Plugin = {
  name: "quiet",
  transform(code, id) {
    if (!/node_modules.*lit/.test(id)) return undefined;
    return (
      imports +
      code
        .replace(/\(\w+\.\w+Versions\?\?=\[\]\)\.push\("[\d.]+"\)/g, "0")
        .replace(/\w+\?\w+\.createPolicy\("lit-html",\{createHTML:\w+=>\w+\}\):void 0/, "templatePolicy")
    );
  },
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type !== "chunk") continue;
      if (chunk.code.includes("lit-html"))
        this.error("Lit makes a policy of its own again: mend the transform");
      // Minified code has line breaks in templates only; Lit's own strings have none before a blank.
      chunk.code = chunk.code
        .replace(/>\n\s+|\n\s+(?=<)/g, (gap) => (gap[0] === ">" ? ">" : ""))
        .replace(/\n\s+/g, " ");
    }
  },
};

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, "locales"), { recursive: true });
const sizes = await Promise.all(scripts.map(make));
const manifest: BuildManifest = { version, files: Object.fromEntries(sizes), locales: {} };
for (const [locale, messages] of Object.entries(locales)) {
  const path = `locales/${locale}.json`;
  writeFileSync(join(dist, path), json(messages));
  manifest.locales[locale] = pinned(dist, path);
}
writeFileSync(join(dist, "manifest.json"), json(manifest));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const styles = readdirSync(join(root, "src/pay-form/styles"));
const element = {
  source: read("src/pay-form/pay-form.ts"),
  css: styles.map((name) => read(`src/pay-form/styles/${name}`)).join("\n"),
  path: "pay-form.js",
};
writeFileSync(join(dist, "custom-elements.json"), json(elementManifest(element)));

const over = scripts.filter(({ file, limit }) =>
  sizes.some(([name, { brotliBytes }]) => name === file && brotliBytes > limit),
);
for (const { file, limit } of over) console.error(`${file} is above its limit of ${limit} bytes brotli`);
if (over.length) process.exit(1);

async function make({ file, entry, limit, intro = "" }: Script) {
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    plugins: [quiet],
    build: {
      outDir: dist,
      emptyOutDir: false,
      target: ["chrome123", "edge123", "firefox121", "safari17.5"],
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: join(root, entry),
        // No page's markup answers for `document` then, and no library of a page's for the rest, in our code or in Lit's.
        transform: { inject: ownStandard(root) },
        output: { format: "iife", entryFileNames: file, intro, comments: { legal: false } },
      },
    },
  });
  const bytes = readFileSync(join(dist, file));
  const brotliBytes = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
  console.log(`${file.padEnd(14)} ${brotliBytes} of ${limit} bytes brotli (${bytes.length} plain)`);
  return [file, builtScript(dist, file, brotliBytes)] as const;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
