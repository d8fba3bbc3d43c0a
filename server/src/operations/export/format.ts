import { z } from "zod";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Also a file's name before `.jsonl`, so it must not lead anywhere. */
const table = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);

/** No two of a list have the same. */
function differ<K extends string>(key: K): (list: readonly { readonly [_ in K]: string }[]) => boolean {
  return (list) => new Set(list.map((item) => item[key])).size === list.length;
}

/** Raised when a reader of the version before would misread the files. */
export const formatVersion = 1;

export const manifestFile = "manifest.json";
/** Whoever signed the manifest, and with it every file whose checksum stands there. */
export const signatureFile = "manifest.jws";
export const fileOf = (name: string): string => `${name}.jsonl`;

/** A name that leads nowhere. */
export const isExportFile = (name: string): boolean =>
  name === manifestFile || name === signatureFile || /^[a-z][a-z0-9_]{0,62}\.jsonl$/.test(name);

/** Characters of either; a manifest of 100 tables has 50,000. */
export const longestManifest = 4_000_000;
export const longestSignature = 20_000;

/** What an export says about itself; the format is described in operations/export/README.md. */
export const Manifest = z.strictObject({
  format: z.literal("tenant-export"),
  formatVersion: z.literal(formatVersion),
  /** Of the tenant's database: the number of its last migration. */
  schemaVersion: z.number().int().positive(),
  /** When the snapshot's transaction began, UTC. */
  exportedAt: z.iso.datetime(),
  tenant: z.strictObject({
    id: z.uuid(),
    slug: z.string(),
    name: z.string(),
    template: z.string(),
    tier: z.string(),
    hosts: z.array(z.string()),
  }),
  tables: z
    .array(
      z.strictObject({
        table,
        columns: z
          .array(z.strictObject({ name: z.string(), type: z.string() }))
          .min(1)
          .refine(differ("name"), "a column twice"),
        rows: z.number().int().nonnegative(),
        sha256,
      }),
    )
    .refine(differ("table"), "a table twice"),
  /** The last number each sequence gave, as digits; null: none yet. */
  sequences: z.record(
    table,
    z
      .string()
      .regex(/^\d{1,18}$/)
      .nullable(),
  ),
  /** Left out, since they hold secrets; to be set again by a person. Keys of rows by table. */
  toBeSetAgain: z.record(table, z.array(z.string())),
  unfinished: z.strictObject({
    /** Whose outcome was not settled in the snapshot. */
    payments: z.number().int().nonnegative(),
    /** ERP posts and receipts not yet delivered. */
    deliveries: z.number().int().nonnegative(),
  }),
});
export type Manifest = z.infer<typeof Manifest>;

/** What the signature in `manifest.jws` vouches for. */
export const ExportClaims = z.object({
  type: z.literal("tenant-export"),
  version: z.literal(1),
  tenant: z.object({ id: z.uuid(), slug: z.string() }),
  exportedAt: z.iso.datetime(),
  /** Of `manifest.json`, byte for byte. */
  manifestSha256: sha256,
});
export type ExportClaims = z.infer<typeof ExportClaims>;

/** Nobody whose signature is believed here vouches for the export. */
export class ExportUntrusted extends Error {
  override readonly name = "ExportUntrusted";
}

/** The export is damaged, or of a format or schema this code does not read. */
export class ExportUnreadable extends Error {
  override readonly name = "ExportUnreadable";
}
