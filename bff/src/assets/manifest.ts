import { z } from "zod";

/** A version is one segment of an address, and never as long as a content address. */
const Version = z.string().regex(/^\w[\w.-]{0,39}$/);
/** What a page may load, and nothing a browser would show as a page. */
const FileName = z.string().regex(/^\w[\w-]*(\.[\w-]+)*\.(js|css|json|map|woff2)$/);
/** Below the build's own folder. */
const Path = z.string().regex(/^(\w[\w.-]*\/)*\w[\w.-]*$/);
/** Subresource Integrity of the whole file. */
const Integrity = z.string().regex(/^sha384-[A-Za-z0-9+/]{64}$/);

const NamedFile = z.object({ path: Path, integrity: Integrity });

/**
 * `manifest.json` of a build: what is served of it. A file that it does not name is not served. `widget/build.ts`
 * writes it; beside what the edge reads it says of each script what assessors ask (`widget/build/inventory.ts`).
 */
export const Manifest = z
  .object({
    version: Version,
    /** Calendar dates, UTC: when the end of this version was announced, and from when on nobody may count on it. */
    deprecatedOn: z.iso.date().optional(),
    retiredOn: z.iso.date().optional(),
    files: z.record(
      FileName,
      NamedFile.extend({
        /** Trusted Types policies that the script makes. */
        trustedTypes: z.array(z.string().regex(/^[\w-]+$/)).default([]),
      }),
    ),
    /** The form's words by language. */
    locales: z.record(z.string().regex(/^[a-z]{2,3}$/), NamedFile).default({}),
  })
  .refine(
    ({ deprecatedOn = "", retiredOn = "9999" }) => deprecatedOn <= retiredOn,
    "retired before deprecated",
  );
export type Manifest = z.infer<typeof Manifest>;

/**
 * The content address of a file: its SHA-384 as one segment of a path (RFC 4648 §5), 64 characters. Integrity and
 * address are two spellings of one thing, so that whoever has one has the other.
 */
export const addressOf = (integrity: string): string =>
  integrity.slice("sha384-".length).replaceAll("+", "-").replaceAll("/", "_");

const isAddress = (text: string): boolean => /^[\w-]{64}$/.test(text);

/** Whether there could be a build or a file of that name: nothing else is worth a look. */
export const mayBeKnown = (segment: string): boolean =>
  isAddress(segment) || Version.safeParse(segment).success;

/** Orders versions as Semantic Versioning 2.0.0 §11 does, as far as releases and their candidates go. */
export function compareVersions(one: string, other: string): number {
  const [core = "", candidate] = split(one);
  const [otherCore = "", otherCandidate] = split(other);
  return (
    numeric.compare(core, otherCore) ||
    Number(otherCandidate !== undefined) - Number(candidate !== undefined) ||
    numeric.compare(candidate ?? "", otherCandidate ?? "")
  );
}

const numeric = new Intl.Collator("en", { numeric: true });
function split(version: string): [string, string?] {
  const at = version.indexOf("-");
  return at < 0 ? [version] : [version.slice(0, at), version.slice(at + 1)];
}
