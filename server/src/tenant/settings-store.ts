import { type Actor, auditName } from "../actor/actor.ts";
import { KeyVersionUnknown, type SealedSecret, type TenantKeys } from "../crypto/tenant-keys.ts";
import { SettingInvalid, SettingMissing } from "./errors.ts";
import { type LiveKeys, withFreshKeys } from "./live-keys.ts";
import { kindOf, type SettingKind } from "./setting-kind.ts";
import { type SettingKey, type Settings, type SettingValue, settingDefinitions } from "./settings.ts";
import { json, type TenantDb } from "./tenant-db.ts";

interface Row {
  tenant_id: string;
  key: string;
  value: unknown;
  ciphertext: Uint8Array | null;
  key_version: number | null;
  updated_at: Date;
  version: string;
}

/** Another process's change is seen after this long, ms. */
const cacheMs = 2_000;

/** One reading of all settings. A value is decrypted and checked when first asked for, and gone with the reading. */
interface Snapshot {
  rows: Promise<Map<string, Row>>;
  values: Map<SettingKey, unknown>;
  until: number;
}

/** Which settings a tenant's administrator has given a value; never the values of secrets. */
export interface SettingSummary {
  key: SettingKey;
  kind: SettingKind;
  secret: boolean;
  /** `default`: nothing stored. `missing`: nothing stored and no default. */
  source: "stored" | "default" | "missing";
  /** null for a secret. */
  value: unknown;
  help: string;
  /** Another after each change; empty: nothing is stored. */
  version: string;
  /** null: nothing is stored. */
  updatedAt: Date | null;
}

/** A change by somebody who has looked at what is there. */
export interface SettingChangeOf<K extends SettingKey = SettingKey> {
  key: K;
  to: { value: SettingValue<K> } | "default";
  /** The version that they have seen. */
  seen: string;
  actor: Actor;
}

export interface SettingsStore extends Settings {
  /** As `set` and `unset`, unless it is another than was seen. @returns false: somebody else has changed it since */
  change<K extends SettingKey>(input: SettingChangeOf<K>): Promise<boolean>;
  /** The default counts again. false: there was nothing stored. */
  unset(key: SettingKey): Promise<boolean>;
  list(): Promise<SettingSummary[]>;
}

interface Written {
  seen: string | null;
  actor: Actor;
}

/** Where a secret's ciphertext belongs; part of what is authenticated. */
const place = (key: SettingKey) => `setting:${key}`;

/**
 * A tenant's settings, all read at once and kept for 2 s. Values are checked on the way in and out.
 *
 * @param actor stands in the tenant's audit log beside a change
 */
export function createSettings(input: { db: TenantDb; keys: LiveKeys; actor: Actor }): SettingsStore {
  const { db, keys, actor } = input;
  const tenantId = db.tenant.id;
  let cache: Snapshot | null = null;

  const load = () => {
    if (!cache || cache.until < Date.now()) {
      const rows = readAll(db);
      const loaded: Snapshot = { rows, values: new Map(), until: Date.now() + cacheMs };
      cache = loaded;
      rows.catch(() => {
        if (cache === loaded) cache = null;
      });
    }
    return cache;
  };

  const read = async <K extends SettingKey>(key: K): Promise<SettingValue<K>> => {
    const { rows, values } = load();
    const row = (await rows).get(key);
    if (!values.has(key)) {
      const value = row ? open(row, { key, keys }) : defaultOf(key);
      if (value === undefined) throw new SettingMissing(key);
      values.set(key, check(key, value as SettingValue<K>));
    }
    return values.get(key) as SettingValue<K>;
  };

  /** @param seen null: whatever is there. @returns false: there is another than was seen */
  async function set<K extends SettingKey>(input: Written & { key: K; value: SettingValue<K> }) {
    const { key, value, seen, actor } = input;
    const checked = check(key, value);
    const rows = await withFreshKeys(keys, async () => {
      const sealed = isSecret(key) ? keys.seal(place(key), checked as string) : null;
      // A missing parameter is SQL's null; json(null) would be a value.
      const plain = sealed ? null : json(checked);
      return db.query`
        with former as (
          select value, (extract(epoch from updated_at) * 1000000)::bigint::text as version from pay.settings
          where tenant_id = ${tenantId}::uuid and key = ${key} for update
        ), written as (
          insert into pay.settings (tenant_id, key, value, ciphertext, key_version)
          select ${tenantId}::uuid, ${key}, ${plain}::jsonb, ${sealed?.ciphertext}::bytea, ${sealed?.keyVersion}::int
          from (select coalesce(max(version), '') as version from former) f
          where ${seen}::text is null or f.version = ${seen}::text
          on conflict (tenant_id, key) do update
            set value = excluded.value, ciphertext = excluded.ciphertext,
                key_version = excluded.key_version, updated_at = clock_timestamp()
            where ${seen}::text is null
              or (extract(epoch from settings.updated_at) * 1000000)::bigint::text = ${seen}::text
          returning tenant_id, key
        )
        insert into pay.audit_log (tenant_id, actor, action, subject, detail)
        select tenant_id, ${auditName(actor)}, 'setting.set', key, case when ${isSecret(key)}::boolean then '{}'::jsonb
          else jsonb_build_object('from', coalesce((select jsonb_build_object('value', value) from former),
            '{"default": true}'::jsonb)) end
        from written
        returning tenant_id`;
    });
    cache = null;
    return rows.length > 0;
  }

  /** @returns false: there is nothing stored, or another than was seen */
  async function unset({ key, seen, actor }: Written & { key: SettingKey }) {
    const rows = await db.query`
      with gone as (
        delete from pay.settings where tenant_id = ${tenantId} and key = ${key}
          and (${seen}::text is null or (extract(epoch from updated_at) * 1000000)::bigint::text = ${seen}::text)
        returning tenant_id, key, value
      )
      insert into pay.audit_log (tenant_id, actor, action, subject, detail)
      select tenant_id, ${auditName(actor)}, 'setting.unset', key, case when ${isSecret(key)}::boolean then '{}'::jsonb
        else jsonb_build_object('from', jsonb_build_object('value', value)) end
      from gone
      returning tenant_id`;
    cache = null;
    return rows.length > 0;
  }

  return {
    get: (key) =>
      withFreshKeys(keys, async () => {
        try {
          return await read(key);
        } catch (error) {
          // It may have been sealed anew since it was read.
          if (error instanceof KeyVersionUnknown) cache = null;
          throw error;
        }
      }),

    async set(key, value) {
      await set({ key, value, seen: null, actor });
    },

    unset: (key) => unset({ key, seen: null, actor }),

    async change({ key, to, seen, actor }) {
      if (to !== "default") return set({ key, value: to.value, seen, actor });
      return (await unset({ key, seen, actor })) || seen === "";
    },

    async list() {
      // What a person is shown is what there is, not what it was 2 s ago.
      cache = null;
      const rows = await load().rows;
      return Object.entries(settingDefinitions).map(([name, { help }]) => {
        const key = name as SettingKey;
        const row = rows.get(key);
        const secret = isSecret(key);
        const value = row ? row.value : defaultOf(key);
        const source = row ? "stored" : value === undefined ? "missing" : "default";
        const written = { version: row?.version ?? "", updatedAt: row?.updated_at ?? null };
        return {
          ...{ key, kind: kindOf(key), secret, source, value: secret ? null : (value ?? null), help },
          ...written,
        };
      });
    },
  };
}

/** @throws SettingInvalid for a secret, whose value no message may hold; ZodError for the others */
function check<K extends SettingKey>(key: K, value: SettingValue<K>): SettingValue<K> {
  const parsed = settingDefinitions[key].schema.safeParse(value);
  if (parsed.success) return parsed.data as SettingValue<K>;
  throw isSecret(key) ? new SettingInvalid(`${key} ${parsed.error.issues[0]?.message}`) : parsed.error;
}

async function readAll(db: TenantDb): Promise<Map<string, Row>> {
  const rows = await db.query<Row>`
    select tenant_id, key, value, ciphertext, key_version, updated_at,
      (extract(epoch from updated_at) * 1000000)::bigint::text as version
    from pay.settings`;
  return new Map(rows.map((row) => [row.key, row]));
}

function open(row: Row, { key, keys }: { key: SettingKey; keys: TenantKeys }): unknown {
  if (row.ciphertext === null || row.key_version === null) return row.value;
  const sealed: SealedSecret = { ciphertext: row.ciphertext, keyVersion: row.key_version };
  return keys.open(place(key), sealed);
}

export const isSecret = (key: SettingKey): boolean => "secret" in settingDefinitions[key];

const defaultOf = (key: SettingKey): unknown => {
  const definition = settingDefinitions[key];
  return "default" in definition ? definition.default : undefined;
};
