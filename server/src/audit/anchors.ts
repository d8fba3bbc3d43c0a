import type { Sql } from "../database/connect.ts";
import type { TenantDb } from "../tenant/tenant-db.ts";
import { type Anchor, sameHash } from "./chain.ts";
import { readHash, readHead } from "./read-chain.ts";

/** The row that an anchor remembers is gone or another. */
export class AuditChainBroken extends Error {
  override name = "AuditChainBroken";
}

interface Row {
  head_id: bigint;
  head_hash: Uint8Array;
  at: Date;
}

const toAnchor = ({ head_id, head_hash, at }: Row): Anchor => ({ headId: head_id, headHash: head_hash, at });

/** By row number; one that was taken several times, once. */
export async function loadAnchors(registry: Sql, tenantId: string): Promise<Anchor[]> {
  const rows = await registry<Row[]>`
    select distinct on (head_id, head_hash) * from (${valid(registry, tenantId)}) anchors
    order by head_id, head_hash, at`;
  return rows.map(toAnchor);
}

/**
 * A tenant brought back to an instant has lost what it wrote from then to the switch, and the operators' log says so; to
 * the minute, since the instant is by its server's clock and the anchor by the registry's. That log alone is believed:
 * servers may write what else is kept of restores.
 */
const valid = (registry: Sql, tenantId: string) => registry`
  select head_id, head_hash, at from audit_heads a where tenant_id = ${tenantId} and not exists (
    select from operator_audit o
    where o.tenant_id = a.tenant_id and o.action = 'tenant.restored'
      -- Of another's row nothing is read, whatever stands in it.
      and case when o.operator like 'operator:%'
        then a.at > (o.detail ->> 'to')::timestamptz - interval '1 minute' and a.at < o.at end)`;

/**
 * Remembers the head of a tenant's chain in the registry, once the row the last anchor remembers was found to
 * be there still. What was written after the last anchor can be cut off unnoticed, so it is called often.
 *
 * @returns the newest anchor; null: there is nothing to remember
 * @throws AuditChainBroken
 */
export async function anchorAudit(input: { registry: Sql; db: TenantDb }): Promise<Anchor | null> {
  const { registry, db } = input;
  const last = await loadLastAnchor(registry, db.tenant.id);
  if (last) await requireKept(db, last);
  const head = await readHead(db);
  if (!head || head.id === last?.headId) return last;
  const [made] = await registry<Row[]>`
    insert into audit_heads (tenant_id, head_id, head_hash)
    values (${db.tenant.id}, ${String(head.id)}, ${Buffer.from(head.hash)})
    on conflict do nothing
    returning head_id, head_hash, at`;
  // Another process did, in the same microsecond; in any other it is kept beside this one.
  return made ? toAnchor(made) : loadLastAnchor(registry, db.tenant.id);
}

async function loadLastAnchor(registry: Sql, tenantId: string): Promise<Anchor | null> {
  const [row] = await registry<Row[]>`${valid(registry, tenantId)} order by head_id desc limit 1`;
  return row ? toAnchor(row) : null;
}

async function requireKept(db: TenantDb, { headId, headHash, at }: Anchor): Promise<void> {
  const found = await readHash(db, headId);
  if (found && sameHash(found, headHash)) return;
  const what = found ? "is not the one that" : "is gone, which";
  throw new AuditChainBroken(
    `audit row ${headId} of ${db.tenant.slug} ${what} was anchored at ${at.toISOString()}: clarity audit verify ${db.tenant.slug}`,
  );
}
