import { connect } from "../../database/connect.ts";
import { type Migration, migrate } from "../../database/migrate.ts";
import type { Operator } from "../operator.ts";
import { readShape, type SchemaShape } from "./fingerprint.ts";
import { withScratchDatabase } from "./scratch-database.ts";

/** What migrations make of an empty database. */
export type ShapeFinder = (at: {
  /** Name of the database server, whose release words definitions; null: the registry's own. */
  readonly server: string | null;
  readonly version: number;
}) => Promise<SchemaShape>;

/** Makes each once. */
export function expectedShapes(input: { ctx: Operator; migrations: readonly Migration[] }): ShapeFinder {
  const known = new Map<string, Promise<SchemaShape>>();
  return ({ server, version }) => {
    const key = JSON.stringify([server, version]);
    const shape = known.get(key) ?? makeShape({ ...input, server, version });
    known.set(key, shape);
    return shape;
  };
}

const makeShape = (input: {
  ctx: Operator;
  migrations: readonly Migration[];
  server: string | null;
  version: number;
}): Promise<SchemaShape> =>
  withScratchDatabase(input, async ({ url, owner, variables }) => {
    const sql = connect({ url, max: 1 });
    try {
      await migrate({ sql, migrations: input.migrations.slice(0, input.version), owner, variables });
      return await readShape({ sql, owner });
    } finally {
      await sql.end({ timeout: 2 });
    }
  });
