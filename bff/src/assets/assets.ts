import type { Locale } from "@clarity/bff/contract";
import { edgePaths } from "@clarity/server/contract";
import { createRefresher } from "@clarity/server/contract/edge-trust";
import type { Logger } from "pino";
import { Refusal } from "../http/refusal.ts";
import { type Body, createBodies } from "./bodies.ts";
import type { Build, BuildSource, Fault, Listing } from "./build-source.ts";
import { type Catalogue, createCatalogue, type End, type Script } from "./catalogue.ts";
import { folderOfBuilds } from "./folder.ts";
import { mayBeKnown } from "./manifest.ts";
import { objectStore } from "./object-store.ts";
import { createWords, type Words } from "./words.ts";

export interface AssetsOptions {
  /** A folder of builds; see `folderOfBuilds`. */
  dir?: string | undefined;
  /** Base URL of an object store of builds; see `objectStore`. What the folder lacks is had from there. */
  storeUrl?: string | undefined;
  /** The version that this edge's own pages use. Default: the folder's own build, else the newest there is. */
  version?: string | undefined;
  log: Logger;
  /** Told of every build or file that is not what it says. */
  onFault: () => void;
  /** Milliseconds since 1970. */
  now: () => number;
}

export interface Asset extends Body {
  /** The newest version that has it. */
  version: string;
  /** Null: none is announced. */
  end: End | null;
}

/** What a page of ours needs to load a script. */
export interface PageScript {
  /** Path by content. */
  src: string;
  integrity: string;
  trustedTypes: readonly string[];
}

export interface Assets {
  /**
   * A file of some build, by version or content address. What is unknown is looked for again where builds are kept.
   *
   * @returns undefined: no build has it
   * @throws Refusal `unavailable`: a build has it, or may have, and it cannot be had now
   */
  find(segment: string, name: string): Promise<Asset | undefined>;
  /** @throws when the build of this edge's own pages lacks it */
  script(name: string): PageScript;
  words: Words;
}

/** Unknown addresses make an edge look for builds this often at most, ms. */
const lookEveryMs = 1_000;
/** What is known is looked at again in the background: ends may have been announced, ms. */
const staleAfterMs = 60_000;
/** Requests that wait for the next look; more are told to come again. */
const mostWaiting = 100;

/** @throws Error when there is no build for this edge's own pages, or its files are not what it says */
export async function createAssets(options: AssetsOptions): Promise<Assets> {
  const catalogue = createCatalogue();
  const complain = complaints(options);
  const { look, isAway } = lookout({ options, catalogue, complain });
  const own = ownBuild({ found: await look(), catalogue, version: options.version });
  const refresher = createRefresher({
    look: async () => void (await look()),
    everyMs: lookEveryMs,
    mostWaiting,
  });
  const bodies = createBodies(complain);
  const words = createWords(own);
  const warnOfEnd = endWarnings(options);

  async function lookUp(segment: string, name: string): Promise<Script | null | undefined> {
    const known = catalogue.find(segment, name);
    if (known !== undefined || !mayBeKnown(segment)) return known;
    if (!(await refresher.ask())) throw new Refusal("unavailable");
    const found = catalogue.find(segment, name);
    if (found === undefined && isAway()) throw new Refusal("unavailable");
    return found;
  }

  // What every page and session of ours needs does not wait for a folder or a store once the edge runs.
  for (const name of Object.keys(own.manifest.files)) {
    const script = catalogue.find(own.manifest.version, name);
    if (!(script && (await bodies.get(script)))) throw new Error(`${own.where}: ${name} is not what it says`);
  }
  for (const locale of ["en", ...Object.keys(own.manifest.locales)]) await words(locale as Locale);

  return {
    async find(segment, name) {
      const script = await lookUp(segment, name);
      if (refresher.ageMs() > staleAfterMs) void refresher.ask();
      if (!script) return undefined;
      const body = await bodies.get(script);
      if (!body) throw new Refusal("unavailable");
      const asset = { ...body, version: catalogue.versionOf(script), end: catalogue.endOf(segment, script) };
      warnOfEnd(asset);
      return asset;
    },
    script(name) {
      const script = catalogue.find(own.manifest.version, name);
      if (!script) throw new Error(`the widget's build has no ${name}`);
      const { address: version, integrity, trustedTypes } = script;
      return { src: edgePaths.readAsset({ version, file: name }), integrity, trustedTypes };
    },
    words,
  };
}

/** Everything that is found, into the catalogue; a place that cannot be looked at is said to be away. */
function lookout(input: { options: AssetsOptions; catalogue: Catalogue; complain: (fault: Fault) => void }): {
  look: () => Promise<Listing>;
  isAway: () => boolean;
} {
  const { options, catalogue, complain } = input;
  const { dir, storeUrl, log } = options;
  const sources = [
    ...(dir === undefined ? [] : [folderOfBuilds(dir)]),
    ...(storeUrl === undefined ? [] : [objectStore(storeUrl)]),
  ];
  const away = new Set<BuildSource>();

  async function listOf(source: BuildSource): Promise<Listing> {
    try {
      const listing = await source.list();
      if (away.delete(source)) log.info({ source: source.name }, "builds of the widget can be read again");
      return listing;
    } catch (err) {
      if (!away.has(source)) log.error({ source: source.name, err }, "builds of the widget cannot be read");
      away.add(source);
      return { builds: [], faults: [] };
    }
  }

  return {
    async look() {
      const found: Listing = { builds: [], faults: [] };
      // In this order: of two builds of one version the folder's is right.
      for (const source of sources) {
        const { builds, faults, own } = await listOf(source);
        for (const fault of [...faults, ...catalogue.add(builds)]) complain(fault);
        found.builds.push(...builds);
        found.own ??= own;
      }
      return found;
    },
    isAway: () => away.size > 0,
  };
}

function ownBuild(input: { found: Listing; catalogue: Catalogue; version: string | undefined }): Build {
  const { found, catalogue, version } = input;
  const build = version === undefined ? (found.own ?? catalogue.newest()) : catalogue.build(version);
  if (build) return build;
  throw new Error(
    version === undefined ? "there is no build of the widget" : `there is no build of version ${version}`,
  );
}

/** Each fault is counted, and said once. */
function complaints({ log, onFault }: AssetsOptions): (fault: Fault) => void {
  const said = new Set<string>();
  return ({ where, error }) => {
    onFault();
    const key = `${where} ${error}`;
    if (said.has(key) || said.size >= 1_000) return;
    said.add(key);
    log.error({ where, err: error }, "a build of the widget is not served as it lies");
  };
}

/** A version is served as long as there is a build of it, for a page that takes money ends by nobody's calendar. */
function endWarnings({ log, now }: AssetsOptions): (asset: Asset) => void {
  const warned = new Set<string>();
  return ({ version, end }) => {
    if (!end || Date.parse(end.retiredOn) > now() || warned.has(version)) return;
    warned.add(version);
    log.warn({ version, ...end }, "a version of the widget has ended and is still asked for");
  };
}
