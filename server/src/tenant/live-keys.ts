import { KeyVersionUnknown, openTenantKeys, type TenantKeys } from "../crypto/tenant-keys.ts";
import { errorCode, isUnavailable } from "../database/client.ts";
import type { Registry } from "../registry/registry.ts";
import { loadTenant, type TenantRecord } from "../registry/tenant-record.ts";
import { RegistryUnavailable, TenantUnknown } from "./errors.ts";

/** A tenant's keys that can be read anew from the registry: they may be rotated while a request runs. */
export interface LiveKeys extends TenantKeys {
  /** Afterwards the newest key seals; what was openable before still is. @throws RegistryUnavailable */
  refresh(): Promise<void>;
}

/** `pay.refuse_retired_key` of the tenant's database: sealed by a process that has not heard of the rotation. */
const sealedTooLate = "KEY01";

const open = ({ registry, record }: { registry: Registry; record: TenantRecord }) => {
  const { id: tenantId, dataKey, otherDataKey } = record;
  return openTenantKeys({ tenantId, dataKey, otherDataKey, masterKey: registry.masterKey });
};

export async function openLiveKeys(input: { registry: Registry; record: TenantRecord }): Promise<LiveKeys> {
  const { registry, record } = input;
  let newest = await open(input);
  const known = [newest];
  let refreshing: Promise<void> | null = null;
  const refresh = async () => {
    newest = await open({ registry, record: await readAnew(registry, record.id) });
    known.unshift(newest);
    known.splice(3);
  };
  return {
    seal: (name, secret) => newest.seal(name, secret),
    open(name, sealed) {
      for (const keys of known) {
        try {
          return keys.open(name, sealed);
        } catch (error) {
          if (!(error instanceof KeyVersionUnknown)) throw error;
        }
      }
      throw new KeyVersionUnknown(`${name} needs data key version ${sealed.keyVersion}`);
    },
    refresh() {
      refreshing ??= refresh().finally(() => {
        refreshing = null;
      });
      return refreshing;
    },
  };
}

/**
 * Runs `attempt`, and once more with keys read anew when it met a key version it did not know or sealed under one
 * that is being retired. It reads its row inside: the ciphertext may have been sealed anew as well.
 */
export async function withFreshKeys<T>(keys: LiveKeys, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof KeyVersionUnknown) && errorCode(error) !== sealedTooLate) throw error;
    await keys.refresh();
    return attempt();
  }
}

/** Past the registry's cache. */
async function readAnew(registry: Registry, tenantId: string): Promise<TenantRecord> {
  try {
    const record = await loadTenant(registry.sql, { id: tenantId });
    if (record) return record;
  } catch (cause) {
    if (isUnavailable(cause)) throw new RegistryUnavailable("the registry cannot be reached", { cause });
    throw cause;
  }
  throw new TenantUnknown(`no tenant ${tenantId}`);
}
