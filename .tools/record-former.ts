/**
 * Records what the form of this release says, sends and reads, for the next one to be held against: run it once a
 * release is out (CONTRIBUTING.md, "A release of the form"). `node .tools/record-former.ts [folder of the build]`
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { shapesOf } from "../bff/contract/former/shapes.ts";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const build = process.argv[2] ?? "widget/dist";

/** Those that an ERP's page is pinned to, and the card frame of a provider that has not rolled out yet. */
for (const name of ["pay-form.js", "loader.js", "card-frame.js"]) {
  writeFileSync(`e2e/former/${name}.br`, brotliCompressSync(readFileSync(join(build, name))));
}
writeJson("bff/contract/former/shapes.json", shapesOf());

const words: Record<string, string> = JSON.parse(readFileSync(join(build, "locales/en.json"), "utf8"));
const places = Object.entries(words).map(([key, text]) => [
  key,
  [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
]);
writeJson("widget/src/locales/former.json", Object.fromEntries(places));

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
