import { type Actor, auditName } from "../../actor/actor.ts";
import { platformKeyOwner, wrappingContext } from "../../crypto/tenant-keys.ts";
import type { Sql } from "../../database/connect.ts";

/** A data key somewhere in the registry, as the master key wrapped it. */
export interface WrappedKey {
  readonly table: "tenants" | "platform_key";
  readonly column: "data_key" | "other_data_key";
  /** The tenant's id; null: the platform's. */
  readonly tenantId: string | null;
  readonly version: number;
  readonly wrapped: Uint8Array;
}

export const contextOf = ({ tenantId, version }: WrappedKey) =>
  wrappingContext(tenantId ?? platformKeyOwner, version);

/**
 * All of them. A tenant whose destruction has begun is left out: its certificate names the bytes that go, and
 * nothing of it is opened any more.
 */
export async function readWrappedKeys(sql: Sql): Promise<WrappedKey[]> {
  return sql<WrappedKey[]>`
    with alive as (
      select * from tenants t
      where not exists (select from deletions where tenant_id = t.id and destroying_at is not null)
    )
    select 'tenants' as table, 'data_key' as column, id as "tenantId", data_key_version as version, data_key as wrapped
    from alive
    union all
    select 'tenants', 'other_data_key', id, other_data_key_version, other_data_key
    from alive where other_data_key is not null
    union all
    select 'platform_key', 'data_key', null, data_key_version, data_key from platform_key
    union all
    select 'platform_key', 'other_data_key', null, other_data_key_version, other_data_key
    from platform_key where other_data_key is not null`;
}

/** Questions to the key service at once. */
const parallel = 8;

/** One question for each key, answers in the keys' order. @throws what the first failing one throws */
export async function askOfEach<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  const waiting = [...items.entries()];
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) answers[next[0]] = await ask(next[1]);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return answers;
}

/**
 * Replaces each key's bytes where they are still what was read; a key that was rotated or dropped meanwhile is
 * left alone. One statement, with its audit row.
 *
 * @returns how many were replaced
 */
export async function replaceWrappedKeys(input: {
  sql: Sql;
  actor: Actor;
  keys: readonly { key: WrappedKey; rewrapped: Uint8Array }[];
}): Promise<number> {
  const { sql, actor, keys } = input;
  const rows = keys.map(({ key, rewrapped }) => ({
    place: `${key.table}.${key.column}`,
    tenant_id: key.tenantId,
    before: hex(key.wrapped),
    after: hex(rewrapped),
  }));
  const [counted] = await sql<{ n: number }[]>`
    with given as (
      select place, tenant_id, decode(before, 'hex') as before, decode(after, 'hex') as after
      from jsonb_to_recordset(${sql.json(rows)}) as r (place text, tenant_id uuid, before text, after text)
    ), wanted as (
      -- Both keys of a tenant in one update: a row can be updated once in a statement.
      select t.id, d.after as data_key, o.after as other_data_key
      from tenants t
      left join given d on d.place = 'tenants.data_key' and d.tenant_id = t.id and d.before = t.data_key
      left join given o on o.place = 'tenants.other_data_key' and o.tenant_id = t.id and o.before = t.other_data_key
      where d.after is not null or o.after is not null
      for update of t
    ), of_tenants as (
      update tenants t set data_key = coalesce(w.data_key, t.data_key),
        other_data_key = coalesce(w.other_data_key, t.other_data_key), updated_at = clock_timestamp()
      from wanted w where t.id = w.id
      returning num_nonnulls(w.data_key, w.other_data_key) as n
    ), of_platform as (
      update platform_key p set
        data_key = coalesce((select after from given where place = 'platform_key.data_key' and before = p.data_key), data_key),
        other_data_key = coalesce(
          (select after from given where place = 'platform_key.other_data_key' and before = p.other_data_key), other_data_key)
      where exists (select from given where place like 'platform_key.%' and before in (p.data_key, p.other_data_key))
      returning 1 as n
    ), counted as (
      select coalesce(sum(n), 0)::int as n from (select n from of_tenants union all select n from of_platform) as all_of_them
    ), audit as (
      insert into operator_audit (operator, action, detail)
      select ${auditName(actor)}, 'master_key.rewrap', jsonb_build_object('keys', n) from counted where n > 0
    )
    select n from counted`;
  return counted?.n ?? 0;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
