import type { Build, Fault } from "./build-source.ts";
import { addressOf, compareVersions, type Manifest } from "./manifest.ts";

/** One content under one name, in however many builds. */
export interface Script {
  name: string;
  /** See `addressOf`. */
  address: string;
  integrity: string;
  trustedTypes: readonly string[];
  /** Where it can be had, by `where`. Every copy is the same, or is not served. */
  copies: Map<string, { build: Build; path: string }>;
}

/** The announced end of a version, calendar dates. */
export interface End {
  deprecatedOn: string | null;
  retiredOn: string;
}

/** What an edge knows of builds. It only grows: a folder that is gone for a moment takes no page's script away. */
export interface Catalogue {
  /**
   * @param segment version or content address
   * @returns null: that is known, and has no file of the name. Undefined: it is not known
   */
  find(segment: string, name: string): Script | null | undefined;
  /** @returns what is wrong with some of them */
  add(builds: readonly Build[]): Fault[];
  build(version: string): Build | undefined;
  newest(): Build | undefined;
  /** The newest version that has this content. */
  versionOf(script: Script): string;
  /** Null: none is announced. Content ends with the last version that has it. */
  endOf(segment: string, script: Script): End | null;
}

/** As many versions as an edge remembers. */
const mostVersions = 400;

interface Version {
  scripts: Map<string, Script>;
  /** By `where`. */
  builds: Map<string, Build>;
}

export function createCatalogue(): Catalogue {
  const versions = new Map<string, Version>();
  /** By address, then by name. */
  const contents = new Map<string, Map<string, Script>>();

  function scriptOf(build: Build, name: string, file: Manifest["files"][string]): Script {
    const { path, integrity, trustedTypes } = file;
    const address = addressOf(integrity);
    const named = contents.get(address) ?? new Map<string, Script>();
    const script = named.get(name) ?? { name, address, integrity, trustedTypes, copies: new Map() };
    script.copies.set(build.where, { build, path });
    contents.set(address, named.set(name, script));
    return script;
  }

  function addOne(build: Build): Fault | null {
    const { version, files } = build.manifest;
    const known = versions.get(version);
    if (!known && versions.size >= mostVersions)
      return { where: build.where, error: new Error("more versions than an edge remembers") };
    const scripts = new Map(Object.entries(files).map(([name, file]) => [name, scriptOf(build, name, file)]));
    if (!known) versions.set(version, { scripts, builds: new Map([[build.where, build]]) });
    else if (sameContent(known.scripts, scripts)) known.builds.set(build.where, build);
    // Pages are pinned to what it was: the version keeps its content, the other is found by address alone.
    else return { where: build.where, error: new Error(`there is another build of version ${version}`) };
    return null;
  }

  const buildsOf = (version: string) => [...(versions.get(version)?.builds.values() ?? [])];
  const versionsOf = ({ copies }: Script) =>
    [...new Set([...copies.values()].map(({ build }) => build.manifest.version))].sort(compareVersions);

  return {
    find(segment, name) {
      const there = versions.get(segment)?.scripts ?? contents.get(segment);
      return there ? (there.get(name) ?? null) : undefined;
    },
    add: (builds) => builds.map(addOne).filter((fault) => fault !== null),
    build: (version) => buildsOf(version)[0],
    newest: () => buildsOf([...versions.keys()].sort(compareVersions).at(-1) ?? "")[0],
    versionOf: (script) => versionsOf(script).at(-1) ?? "",
    endOf(segment, script) {
      const its = versions.has(segment) ? [segment] : versionsOf(script);
      const ends = its.map((version) => lastOf(buildsOf(version).map(endIn)));
      return ends.includes(null) ? null : lastOf(ends);
    },
  };
}

function endIn({ manifest }: Build): End | null {
  const { deprecatedOn, retiredOn } = manifest;
  return retiredOn === undefined ? null : { deprecatedOn: deprecatedOn ?? null, retiredOn };
}

const lastOf = (ends: (End | null)[]): End | null =>
  ends
    .filter((end) => end !== null)
    .toSorted((one, other) => (one.retiredOn < other.retiredOn ? -1 : 1))
    .at(-1) ?? null;

const sameContent = (one: Map<string, Script>, other: Map<string, Script>): boolean =>
  one.size === other.size && [...one].every(([name, { address }]) => other.get(name)?.address === address);
