import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isCurrent, stampOf } from "./stamp.ts";

const sources = [
  "widget/src/**/*.{ts,css}",
  "widget/build/**/*.ts",
  "widget/*.{ts,json}",
  "themes/src/**/*.ts",
  "pnpm-lock.yaml",
];

/**
 * Builds the widget when its sources are others than those of the last build.
 * A script above its size limit fails `npm run check`, not the start: the build is whole all the same.
 * @throws Error with the build's output when there is nothing to serve.
 */
export function buildWidget(root: string, report: (line: string) => void): void {
  const stamp = stampOf(root, sources);
  const stampFile = join(root, "widget/dist/.stamp");
  if (isCurrent(stampFile, stamp)) return;
  report("building the widget …");
  const startedAt = Date.now();
  const build = spawnSync(process.execPath, [join(root, "widget/build.ts")], { cwd: root, encoding: "utf8" });
  const manifest = existsSync(join(root, "widget/dist/manifest.json"));
  if (!manifest || build.error) {
    throw new Error(`the widget cannot be built:\n${build.error ?? ""}${build.stdout}${build.stderr}`);
  }
  if (build.status === 0) writeFileSync(stampFile, stamp);
  else report(`the widget was built, but:\n${build.stderr.trim()}`);
  report(`the widget is built (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
}
