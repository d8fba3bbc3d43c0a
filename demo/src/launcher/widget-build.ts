import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isCurrent, stampOf } from "./stamp.ts";

const widgetSources = [
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
export const buildWidget = (root: string, report: (line: string) => void): void =>
  build({ root, report, name: "the widget", folder: "widget", sources: widgetSources });

const portalSources = [
  "server/portal/src/**/*.{ts,css}",
  "server/portal/*.{ts,json}",
  "server/contract/portal/*.ts",
  "pnpm-lock.yaml",
];

/** The same of the portal. */
export const buildPortal = (root: string, report: (line: string) => void): void =>
  build({ root, report, name: "the portal", folder: "server/portal", sources: portalSources });

function build(input: {
  root: string;
  report: (line: string) => void;
  name: string;
  folder: string;
  sources: string[];
}): void {
  const { root, report, name, folder, sources } = input;
  const stamp = stampOf(root, sources);
  const stampFile = join(root, folder, "dist/.stamp");
  if (isCurrent(stampFile, stamp)) return;
  report(`building ${name} …`);
  const startedAt = Date.now();
  const script = join(root, folder, "build.ts");
  const built = spawnSync(process.execPath, [script], { cwd: root, encoding: "utf8" });
  const manifest = existsSync(join(root, folder, "dist/manifest.json"));
  if (!manifest || built.error) {
    throw new Error(`${name} cannot be built:\n${built.error ?? ""}${built.stdout}${built.stderr}`);
  }
  if (built.status === 0) writeFileSync(stampFile, stamp);
  else report(`${name} was built, but:\n${built.stderr.trim()}`);
  report(`${name} is built (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`);
}
