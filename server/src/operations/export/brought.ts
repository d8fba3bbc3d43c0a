import { ExportUnreadable } from "./format.ts";
import type { ReadableExport } from "./read-export.ts";

/** Something in an export that will be believed, called or let in. */
export interface Brought {
  /** `embed key erp-1`, `setting provider.baseUrl`, `user`. */
  readonly what: string;
  readonly value: string;
}

/** Members of settings that name where something is, though they are no URL. */
const addressMember = /(?:hosts?|hostname|origins?|urls?|address(?:es)?|domains?)$/i;
const url = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/gi;

/**
 * What a tenant made of the export would trust from its first second: keys that open sessions, addresses that are sent
 * payments, postings and mail or may frame the form, and people who may sign in. Read off the rows, so that a setting
 * nobody has thought of yet is listed too.
 */
export async function listBrought(source: ReadableExport): Promise<Brought[]> {
  const found: Brought[] = [];
  const has = (table: string) => source.manifest.tables.some((entry) => entry.table === table);
  for (const table of ["embed_keys", "settings", "users"].filter(has)) {
    for await (const lines of source.lines(table)) {
      for (const line of lines) found.push(...(read[table]?.(rowOf(line, table)) ?? []));
    }
  }
  return found;
}

type Row = Readonly<Record<string, unknown>>;

function rowOf(line: string, table: string): Row {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new ExportUnreadable(`a row of ${table} is not JSON`, { cause });
  }
}

const read: Record<string, (row: Row) => Brought[]> = {
  embed_keys(row) {
    if (row.revoked_at !== null && row.revoked_at !== undefined) return [];
    const value = row.jwks_url ?? row.public_jwk ?? "";
    return [{ what: `embed key ${row.id} (${row.algorithm})`, value: String(value) }];
  },
  settings(row) {
    if (typeof row.value !== "string") return [];
    return addressesIn(`setting ${row.key}`, JSON.parse(row.value));
  },
  users: (row) => [{ what: `user, ${row.role}`, value: String(row.email) }],
};

function addressesIn(what: string, value: unknown): Brought[] {
  if (typeof value === "string") {
    if (addressMember.test(what) || value.includes("@")) return [{ what, value }];
    return [...value.matchAll(url)].map(([address]) => ({ what, value: address }));
  }
  if (Array.isArray(value)) return value.flatMap((item) => addressesIn(what, item));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([member, part]) => addressesIn(`${what}.${member}`, part));
}
