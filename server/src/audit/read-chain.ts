import type { TenantDb } from "../tenant/tenant-db.ts";
import type { ChainedRow } from "./chain.ts";

/** Rows at a time. */
const batch = 500;

interface Row {
  tenant_id: string;
  id: bigint;
  at_us: string;
  actor: string;
  action: string;
  subject: string;
  detail_text: string;
  prev_hash: Uint8Array;
  hash: Uint8Array;
}

/** The log in order of id, a batch in memory at a time. */
export async function* readChain(db: TenantDb): AsyncGenerator<ChainedRow> {
  let last: bigint | null = null;
  for (;;) {
    const rows: Row[] = await db.query<Row>`
      select tenant_id, id, (extract(epoch from at) * 1000000)::bigint::text as at_us, actor, action, subject,
        detail::text as detail_text, prev_hash, hash
      from pay.audit_log
      where tenant_id = ${db.tenant.id}::uuid and (${last}::bigint is null or id > ${last}::bigint)
      order by id limit ${batch}`;
    for (const {
      id,
      at_us: at,
      actor,
      action,
      subject,
      detail_text: detail,
      prev_hash: prevHash,
      hash,
    } of rows) {
      yield { id, at, actor, action, subject, detail, prevHash, hash };
    }
    if (rows.length < batch) return;
    last = rows.at(-1)?.id ?? last;
  }
}

/** The last row; null: the log is empty. */
export async function readHead(db: TenantDb): Promise<Pick<ChainedRow, "id" | "hash"> | null> {
  const [head] = await db.query<{ tenant_id: string; id: bigint; hash: Uint8Array }>`
    select tenant_id, id, hash from pay.audit_log
    where tenant_id = ${db.tenant.id}::uuid order by id desc limit 1`;
  return head ? { id: head.id, hash: head.hash } : null;
}

/** The hash of one row; null: there is none of that number. */
export async function readHash(db: TenantDb, id: bigint): Promise<Uint8Array | null> {
  const [row] = await db.query<{ tenant_id: string; hash: Uint8Array }>`
    select tenant_id, hash from pay.audit_log where tenant_id = ${db.tenant.id}::uuid and id = ${id}::bigint`;
  return row?.hash ?? null;
}

/** Where in the log a row with this hash stands; null: nowhere. */
export async function findByHash(db: TenantDb, hash: Uint8Array): Promise<bigint | null> {
  const [row] = await db.query<{ tenant_id: string; id: bigint }>`
    select tenant_id, id from pay.audit_log
    where tenant_id = ${db.tenant.id}::uuid and hash = ${hash}::bytea order by id limit 1`;
  return row?.id ?? null;
}
