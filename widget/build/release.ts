import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type BuildManifest, pinned } from "./manifest.ts";

/**
 * A folder of released builds, as edges share it (`CLARITY_ASSETS_DIR`) or as it is copied into an object store
 * (`CLARITY_ASSETS_URL`): `<version>/` for each, for good, and `index.json` with the manifests of all.
 */
export interface Release {
  /** The folder of `manifest.json`: `widget/dist`. */
  dist: string;
  folder: string;
  /** Who lets these bytes on payment pages; a role or a name, for assessors. */
  authorizedBy: string;
  /** Calendar date, UTC. */
  today: string;
}

/**
 * Puts a build there, whole or not at all.
 *
 * @returns the version, and whether it was there before, the same
 * @throws Error when that version is there with other content, or the build is not what its manifest says
 */
export function release({ dist, folder, authorizedBy, today }: Release): { version: string; isNew: boolean } {
  const built = manifestIn(dist);
  const { version } = built;
  for (const file of filesOf(built)) {
    if (pinned(dist, file.path).integrity !== file.integrity)
      throw new Error(`${file.path} is not what the build made: build again`);
  }
  const target = join(folder, version);
  const isNew = !existsSync(target);
  if (isNew) {
    mkdirSync(folder, { recursive: true });
    const files = Object.entries(built.files).map(([name, file]) => {
      return [name, { ...file, authorizedBy, authorizedOn: today }] as const;
    });
    copyWhole({ dist, target, manifest: { ...built, files: Object.fromEntries(files) } });
  } else if (contentOf(manifestIn(target)) !== contentOf(built)) {
    throw new Error(
      `${version} is released, and pages are pinned to it: raise the version in widget/package.json`,
    );
  }
  writeIndex(folder);
  return { version, isNew };
}

/** Announces a version's end. Its builds stay where they are until somebody takes them away. */
export function retire(input: {
  folder: string;
  version: string;
  /** Calendar date, UTC: from when on nobody may count on it. */
  retiredOn: string;
  today: string;
}): void {
  const { folder, version, retiredOn, today } = input;
  const target = join(folder, version);
  if (!/^\d{4}-\d\d-\d\d$/.test(retiredOn) || retiredOn < today)
    throw new Error("the end must be a day to come, written 2027-06-30");
  const manifest = manifestIn(target);
  replaceFile(join(target, "manifest.json"), {
    ...manifest,
    deprecatedOn: manifest.deprecatedOn ?? today,
    retiredOn,
  });
  writeIndex(folder);
}

function copyWhole({ dist, target, manifest }: { dist: string; target: string; manifest: BuildManifest }) {
  // A name that edges pass over, until it is complete.
  const draft = mkdtempSync(join(dirname(target), ".draft-"));
  try {
    for (const { path } of filesOf(manifest)) {
      mkdirSync(dirname(join(draft, path)), { recursive: true });
      cpSync(join(dist, path), join(draft, path));
    }
    replaceFile(join(draft, "manifest.json"), manifest);
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
}

function writeIndex(folder: string): void {
  const builds = readdirSync(folder)
    .filter((name) => !name.startsWith(".") && existsSync(join(folder, name, "manifest.json")))
    .sort()
    .map((name) => manifestIn(join(folder, name)));
  replaceFile(join(folder, "index.json"), { builds });
}

/** @throws Error when there is none */
export function manifestIn(folder: string): BuildManifest {
  try {
    return JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as BuildManifest;
  } catch (cause) {
    throw new Error(`there is no build in ${folder}`, { cause });
  }
}

const filesOf = ({ files, locales }: BuildManifest) => [...Object.values(files), ...Object.values(locales)];
const contentOf = (manifest: BuildManifest): string =>
  filesOf(manifest)
    .map(({ path, integrity }) => `${path} ${integrity}`)
    .sort()
    .join("\n");

function replaceFile(path: string, value: unknown): void {
  writeFileSync(`${path}.draft`, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(`${path}.draft`, path);
}
