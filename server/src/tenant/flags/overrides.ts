import { type Actor, auditName } from "../../actor/actor.ts";
import { json, type TenantDb } from "../tenant-db.ts";
import { type FlagKey, type FlagValue, flagDefinitions, isFlagKey } from "./definitions.ts";

/** A tenant's own value of a flag. */
export interface FlagOverride {
  /** May be no flag of this code: set by an older or a newer one. */
  readonly key: string;
  readonly value: boolean | string | number;
  readonly reason: string | null;
  readonly setBy: string;
  readonly setAt: Date;
  /** From then on the default counts again; null: never by itself. */
  readonly expiresAt: Date | null;
}

/** By somebody who has looked. Default: by who opened the tenant, whatever is there. */
interface Seen {
  /** `versionOf` what they saw. */
  seen?: string;
  actor?: Actor;
}

/** Another after each change; empty: there is none. */
export const versionOf = (override: Pick<FlagOverride, "setAt"> | undefined): string =>
  override ? String(override.setAt.getTime()) : "";

/** What was read last; `stale`: the database could not be asked since. */
interface Reading {
  readonly overrides: ReadonlyMap<string, FlagOverride>;
  readonly stale: boolean;
}

export interface FlagOverrides {
  /** At most 2 s old, unless stale. @throws TenantUnavailable when there is nothing to fall back on */
  read(): Promise<Reading>;
  /** Straight from the database, expired ones too, by key. */
  list(): Promise<FlagOverride[]>;
  /**
   * @returns false: there is another than was seen
   * @throws Error when the value is not of the flag's type or the end has passed
   */
  set<K extends FlagKey>(
    key: K,
    value: FlagValue<K>,
    options?: { reason?: string | undefined; expiresAt?: Date | undefined } & Seen,
  ): Promise<boolean>;
  /** false: there was none, or another than was seen. Takes keys of flags that are gone as well. */
  unset(key: string, options?: Seen): Promise<boolean>;
}

interface Row {
  tenant_id: string;
  key: string;
  value: FlagOverride["value"];
  reason: string | null;
  set_by: string;
  set_at: Date;
  expires_at: Date | null;
}

/** Another process's change is seen after this long, ms; as for settings. */
const cacheMs = 2_000;
/** A database that is away is not asked for every flag, ms. */
const retryMs = 1_000;

/** @param actor stands in the tenant's audit log beside a change */
export function createFlagOverrides({ db, actor }: { db: TenantDb; actor: Actor }): FlagOverrides {
  const tenantId = db.tenant.id;
  let last: ReadonlyMap<string, FlagOverride> | null = null;
  let cache: { reading: Promise<Reading>; until: number } | null = null;

  const list = async () => {
    const rows = await db.query<Row>`
      select tenant_id, key, value, reason, set_by, set_at, expires_at from pay.flag_overrides order by key`;
    return rows.map(toOverride);
  };
  const readAnew = async (): Promise<Reading> => {
    try {
      last = new Map((await list()).map((override) => [override.key, override]));
      return { overrides: last, stale: false };
    } catch (error) {
      if (!last) throw error;
      return { overrides: last, stale: true };
    }
  };

  return {
    list,
    read() {
      if (cache && cache.until > Date.now()) return cache.reading;
      const mine = { reading: readAnew(), until: Date.now() + cacheMs };
      cache = mine;
      mine.reading.then(
        ({ stale }) => {
          if (stale) mine.until = Date.now() + retryMs;
        },
        () => {
          if (cache === mine) cache = null;
        },
      );
      return mine.reading;
    },
    async set(key, value, { reason, expiresAt, seen, actor: by = actor } = {}) {
      if (!isFlagKey(key)) throw new Error(`no flag ${key}`);
      const type = typeof flagDefinitions[key].default;
      if (typeof value !== type) throw new Error(`${key} is a ${type}, not a ${typeof value}`);
      if (expiresAt && expiresAt.getTime() <= Date.now())
        throw new Error(`${expiresAt.toISOString()} has passed`);
      const rows = await db.query`
        with written as (
          insert into pay.flag_overrides (tenant_id, key, value, reason, set_by, expires_at)
          select ${tenantId}::uuid, ${key}, ${json(value)}::jsonb, ${reason}::text, ${auditName(by)}, ${expiresAt}::timestamptz
          where coalesce(${seen}::text, '') = '' or exists (
            select from pay.flag_overrides where tenant_id = ${tenantId}::uuid and key = ${key})
          on conflict (key, tenant_id) do update
            set value = excluded.value, reason = excluded.reason, set_by = excluded.set_by, set_at = now(),
                expires_at = excluded.expires_at
            where ${seen}::text is null
              or floor(extract(epoch from flag_overrides.set_at) * 1000)::bigint::text = ${seen}::text
          returning tenant_id, key, value
        )
        insert into pay.audit_log (tenant_id, actor, action, subject, detail)
        select tenant_id, ${auditName(by)}, 'flag.set', key, jsonb_build_object('value', value) from written
        returning tenant_id`;
      cache = null;
      return rows.length > 0;
    },
    async unset(key, { seen, actor: by = actor } = {}) {
      const rows = await db.query`
        with gone as (
          delete from pay.flag_overrides where tenant_id = ${tenantId} and key = ${key}
            and (${seen}::text is null or floor(extract(epoch from set_at) * 1000)::bigint::text = ${seen}::text)
          returning tenant_id, key
        )
        insert into pay.audit_log (tenant_id, actor, action, subject)
        select tenant_id, ${auditName(by)}, 'flag.unset', key from gone
        returning tenant_id`;
      cache = null;
      return rows.length > 0;
    },
  };
}

const toOverride = ({ key, value, reason, set_by, set_at, expires_at }: Row): FlagOverride => ({
  key,
  value,
  reason,
  setBy: set_by,
  setAt: set_at,
  expiresAt: expires_at,
});
