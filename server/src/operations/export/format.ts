import { z } from "zod";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Also a file's name before `.jsonl`, so it must not lead anywhere. */
const table = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);

/** Raised when a reader of the version before would misread the files. */
export const formatVersion = 1;

export const manifestFile = "manifest.json";
export const fileOf = (name: string): string => `${name}.jsonl`;

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
  tables: z.array(
    z.strictObject({
      table,
      columns: z.array(z.strictObject({ name: z.string(), type: z.string() })).min(1),
      rows: z.number().int().nonnegative(),
      sha256,
    }),
  ),
  /** The last number each sequence gave, as digits; null: none yet. */
  sequences: z.record(table, z.string().regex(/^\d+$/).nullable()),
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

/** The export is damaged, or of a format or schema this code does not read. */
export class ExportUnreadable extends Error {
  override readonly name = "ExportUnreadable";
}
