/**
 * Builds `dist/`: scripts and styles under names made of their content, in `assets/`, and `manifest.json`, which tells
 * the edge what the page loads. `node server/portal/build.ts` from anywhere. Fails when the first load is above its limit.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import { build, type Plugin, type Rolldown } from "vite";
import { portalDir } from "./files.ts";

/** What a browser loads before it shows anything: script and styles, brotli-11 bytes. */
const firstLoadLimit = 90_000;

const root = import.meta.dirname;

/** Templates are indented for people. */
const compact: Plugin = {
  name: "compact",
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      if (chunk.type === "chunk")
        chunk.code = chunk.code.replace(/>\n\s+|\n\s+(?=<)/g, (gap) => (gap[0] === ">" ? ">" : ""));
    }
  },
};

rmSync(portalDir, { recursive: true, force: true });
const built = (await build({
  root,
  base: "/portal/",
  configFile: false,
  logLevel: "warn",
  plugins: [tailwindcss(), compact],
  build: {
    outDir: portalDir,
    target: ["chrome123", "edge123", "firefox121", "safari17.5"],
    modulePreload: false,
    cssCodeSplit: false,
    reportCompressedSize: false,
    rolldownOptions: { input: { portal: join(root, "src/main.ts") }, output: { comments: { legal: false } } },
  },
})) as Rolldown.RolldownOutput;

const assets = join(portalDir, "assets");
const names = readdirSync(assets).sort();
const read = (name: string) => readFileSync(join(assets, name));
const entry = built.output.find((file) => file.type === "chunk" && file.isEntry);
const script = entry?.fileName.replace(/^assets\//, "");
const style = names.find((name) => name.endsWith(".css"));
if (script === undefined || style === undefined) throw new Error("the build has no script or no styles");

const integrity = (name: string) => `sha384-${createHash("sha384").update(read(name)).digest("base64")}`;
const manifest = {
  script,
  style,
  // Lit's own.
  trustedTypes: ["lit-html"],
  files: Object.fromEntries(names.map((name) => [name, integrity(name)])),
};
writeFileSync(join(portalDir, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);

const brotliBytes = (name: string) =>
  brotliCompressSync(read(name), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
const firstLoad = brotliBytes(script) + brotliBytes(style);
console.log(`first load ${firstLoad} of ${firstLoadLimit} bytes brotli; ${names.length} files`);
if (firstLoad > firstLoadLimit) {
  console.error("the portal's first load is above its limit");
  process.exit(1);
}
