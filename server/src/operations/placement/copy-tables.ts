import { quoteIdentifier, quoteLiteral } from "../../database/client.ts";
import { copyRows } from "../../database/copy-rows.ts";
import { names } from "../names.ts";
import { tablesOf } from "./compare-tables.ts";
import type { Run } from "./sides.ts";

/**
 * Every row, streamed from server to server in one snapshot and one transaction. As the owner, who sees all rows;
 * without triggers, whose rows are among those that arrive.
 */
export async function copyTables({ ctx, source, target }: Run): Promise<void> {
  const owner = quoteIdentifier(names.owner(ctx.address.namespace));
  const tables = await tablesOf(source.database);
  const all = tables.map(({ table }) => `pay.${quoteIdentifier(table)}`).join(", ");
  await source.database.begin("isolation level repeatable read read only", async (from) => {
    await from.unsafe(`set local role ${owner}`);
    await target.database.begin(async (into) => {
      await into.unsafe(`set local session_replication_role = replica; set local role ${owner}`);
      // A run that ended between this commit and the next step has copied them before.
      await into.unsafe(`truncate ${all}`);
      for (const { table, columns } of tables) {
        const named = `pay.${quoteIdentifier(table)} (${columns.map(quoteIdentifier).join(", ")})`;
        await copyRows({ from, into, rows: named });
      }
    });
  });
  // Or the first statements there would be planned for empty tables.
  await target.database.unsafe(`analyze ${all}`);
}

/** Sequences are not rows: whatever the method, they are set at the end. */
export async function copySequences({ source, target }: Run): Promise<void> {
  const sequences = await source.database<{ name: string; last: string | null }[]>`
    select sequencename as name, last_value::text as last from pg_sequences
    where schemaname = 'pay' and last_value is not null`;
  const statements = sequences.map(
    ({ name, last }) =>
      `select setval(${quoteLiteral(`pay.${quoteIdentifier(name)}`)}::regclass, ${last ?? "null"})`,
  );
  if (statements.length > 0) await target.database.unsafe(statements.join(";"));
}
