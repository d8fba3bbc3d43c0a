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
}

export interface SettingsStore extends Settings {
  /** The default counts again. false: there was nothing stored. */
  unset(key: SettingKey): Promise<boolean>;
  list(): Promise<SettingSummary[]>;
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
      const checked = check(key, value);
      await withFreshKeys(keys, async () => {
        const sealed = isSecret(key) ? keys.seal(place(key), checked as string) : null;
        // A missing parameter is SQL's null; json(null) would be a value.
        const plain = sealed ? null : json(checked);
        await db.query`
          with written as (
            insert into pay.settings (tenant_id, key, value, ciphertext, key_version)
            values (${tenantId}, ${key}, ${plain}, ${sealed?.ciphertext}, ${sealed?.keyVersion})
            on conflict (tenant_id, key) do update
              set value = excluded.value, ciphertext = excluded.ciphertext,
                  key_version = excluded.key_version, updated_at = now()
            returning tenant_id, key
          )
          insert into pay.audit_log (tenant_id, actor, action, subject)
          select tenant_id, ${auditName(actor)}, 'setting.set', key from written
          returning tenant_id`;
      });
      cache = null;
    },

    async unset(key) {
      const rows = await db.query`
        with gone as (
          delete from pay.settings where tenant_id = ${tenantId} and key = ${key} returning tenant_id, key
        )
        insert into pay.audit_log (tenant_id, actor, action, subject)
        select tenant_id, ${auditName(actor)}, 'setting.unset', key from gone
        returning tenant_id`;
      cache = null;
      return rows.length > 0;
    },

    async list() {
      const rows = await load().rows;
      return Object.entries(settingDefinitions).map(([name, { help }]) => {
        const key = name as SettingKey;
        const row = rows.get(key);
        const secret = isSecret(key);
        const value = row ? row.value : defaultOf(key);
        const source = row ? "stored" : value === undefined ? "missing" : "default";
        return { key, kind: kindOf(key), secret, source, value: secret ? null : (value ?? null), help };
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
  const rows = await db.query<Row>`select tenant_id, key, value, ciphertext, key_version from pay.settings`;
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
