import type { ChainedRow } from "../../audit/chain.ts";
import type { Sql } from "../../database/connect.ts";

/** The registry's own append-only logs, chained like the tenants'. */
export const registryLogs = ["operator_audit", "audit_heads"] as const;
export type RegistryLog = (typeof registryLogs)[number];

/** What people call them. */
export const logNames: Readonly<Record<RegistryLog, string>> = {
  operator_audit: "the operators' log",
  audit_heads: "the anchors",
};

/** Rows at a time. */
const batch = 500;

interface Row {
  id: bigint;
  at_us: string;
  actor: string;
  action: string;
  subject: string;
  detail_text: string;
  prev_hash: Uint8Array;
  hash: Uint8Array;
}

/** A log's fields where a tenant's log has actor, action, subject and detail, as they are hashed. */
const fields = {
  operator_audit: `operator as actor, action, coalesce(tenant_id::text, '') as subject, detail::text as detail_text`,
  audit_heads: `tenant_id::text as actor, head_id::text as action, encode(head_hash, 'hex') as subject, '' as detail_text`,
} satisfies Record<RegistryLog, string>;

/** In order of number, a batch in memory at a time. */
export async function* readLog(
  registry: Pick<Sql, "unsafe">,
  { log, after = null }: { log: RegistryLog; after?: bigint | null },
): AsyncGenerator<ChainedRow> {
  for (let last = after; ; ) {
    const rows: Row[] = await registry.unsafe<Row[]>(
      `select id, (extract(epoch from at) * 1000000)::bigint::text as at_us, ${fields[log]}, prev_hash, hash
       from ${log} where $1::bigint is null or id > $1::bigint order by id limit ${batch}`,
      [last === null ? null : String(last)],
    );
    for (const { at_us: at, detail_text: detail, prev_hash: prevHash, ...row } of rows) {
      yield { ...row, at, detail, prevHash };
    }
    if (rows.length < batch) return;
    last = rows.at(-1)?.id ?? last;
  }
}

/** Where in the log a row with this hash stands; null: nowhere. */
export async function findInLog(
  registry: Pick<Sql, "unsafe">,
  { log, hash }: { log: RegistryLog; hash: Uint8Array },
): Promise<bigint | null> {
  const [row] = await registry.unsafe<{ id: bigint }[]>(
    `select id from ${log} where hash = $1::bytea order by id limit 1`,
    [Buffer.from(hash)],
  );
  return row?.id ?? null;
}
