import { createHash } from "node:crypto";
import type { Sql } from "../../database/connect.ts";
import { describeSchema } from "./describe-schema.ts";

/** What there is in a database but rows: `table pay.payments` and the like, each with its definition. */
export type SchemaShape = ReadonlyMap<string, string>;

/** Something that is not as the migrations make it. */
export interface Difference {
  readonly object: string;
  readonly kind: "missing" | "unexpected" | "different";
  readonly expected: string | null;
  readonly found: string | null;
}

/**
 * Reads a database's catalogue, whoever's it is: no order of columns or creation, no names of installations.
 *
 * @param role the tenant's login role, if it has one
 */
export async function readShape({
  sql,
  owner,
  role = null,
}: {
  sql: Sql;
  owner: string;
  role?: string | null;
}): Promise<SchemaShape> {
  const rows = await sql.begin("read only", async (session) => {
    // Then definitions name everything in full.
    await session.unsafe("set local search_path = pg_catalog");
    return session.unsafe<{ object: string; definition: string }[]>(describeSchema({ owner, role }));
  });
  return new Map(rows.map(({ object, definition }) => [object, definition]));
}

/** SHA-256 over everything in it, hex: the same for the same schema on the same release of PostgreSQL. */
export function schemaFingerprint(shape: SchemaShape): string {
  const lines = [...shape].map(([object, definition]) => `${object}\0${definition}`).sort();
  return createHash("sha256").update(lines.join("\x01")).digest("hex");
}

/** By object name; none: they are the same. */
export function differences(expected: SchemaShape, found: SchemaShape): Difference[] {
  const objects = [...new Set([...expected.keys(), ...found.keys()])].sort();
  return objects.flatMap((object): Difference[] => {
    const [before = null, now = null] = [expected.get(object), found.get(object)];
    if (before === now) return [];
    const kind = now === null ? "missing" : before === null ? "unexpected" : "different";
    return [{ object, kind, expected: before, found: now }];
  });
}
