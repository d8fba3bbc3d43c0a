import { Manifest } from "./manifest.ts";

/** One build, wherever it is kept. */
export interface Build {
  /** Where it lies: the same place is the same build, whatever has become of it. */
  where: string;
  manifest: Manifest;
  /** A file of the manifest by its `path`, as it lies there, unverified. @throws when it cannot be had */
  read(path: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** A build that is none: what is wrong with it, and where. */
export interface Fault {
  where: string;
  error: unknown;
}

export interface Listing {
  builds: Build[];
  /** Of `builds`, the one that the place itself is. */
  own?: Build | undefined;
  faults: Fault[];
}

/** Where builds are kept. */
export interface BuildSource {
  /** As log lines call it. */
  name: string;
  /** Everything that is there now. @throws when that cannot be said */
  list(): Promise<Listing>;
}

/** Builds of one place are looked at up to this many. */
export const mostBuilds = 200;
/** Longest file of a build, bytes. */
export const mostFileBytes = 2 * 1024 * 1024;

/** A manifest that was found, unread. */
export interface Found {
  where: string;
  manifest: unknown;
  /** Reads files of that version. */
  reads: (version: string) => Build["read"];
}

/** Sorts manifests that hold from those that do not. */
export function toListing(found: readonly Found[]): Listing {
  const listing: Listing = { builds: [], faults: [] };
  for (const { where, manifest, reads } of found) {
    const parsed = Manifest.safeParse(manifest);
    if (parsed.success)
      listing.builds.push({ where, manifest: parsed.data, read: reads(parsed.data.version) });
    else listing.faults.push({ where, error: parsed.error });
  }
  return listing;
}
