import { randomBytes } from "node:crypto";
import type { MasterKey } from "./master-key.ts";
import { CannotDecrypt, openSealed, seal } from "./seal.ts";

/** A secret as it is stored: readable only with this tenant's key of this version, under this name. */
export interface SealedSecret {
  readonly ciphertext: Uint8Array;
  readonly keyVersion: number;
}

/** Sealed under a data key that is not in hand: it was rotated, and this process has yet to hear of it. */
export class KeyVersionUnknown extends CannotDecrypt {
  override readonly name = "KeyVersionUnknown";
}

/** Encrypts one tenant's secrets. `name` says where the ciphertext stands; moved, it is unreadable. */
export interface TenantKeys {
  seal(name: string, secret: string): SealedSecret;
  /** @throws CannotDecrypt, KeyVersionUnknown */
  open(name: string, sealed: SealedSecret): string;
}

/** A tenant's data key as the registry keeps it. */
export interface WrappedDataKey {
  readonly wrapped: Uint8Array;
  readonly version: number;
}

/** Takes a tenant's id's place in what is authenticated: the platform's ciphertexts open under no tenant's key. */
export const platformKeyOwner = "platform";

/** What a wrapped data key is bound to; the master key authenticates it. */
export const wrappingContext = (tenantId: string, version: number): readonly string[] => [
  tenantId,
  "data-key",
  String(version),
];

/** A new random 32-byte key. `version` default 1. */
export async function createDataKey(input: {
  tenantId: string;
  masterKey: MasterKey;
  version?: number;
}): Promise<WrappedDataKey> {
  const { version = 1 } = input;
  const wrapped = await input.masterKey.wrap({
    key: randomBytes(32),
    context: wrappingContext(input.tenantId, version),
  });
  return { wrapped, version };
}

/**
 * Unwraps the tenant's data key; it stays in this closure.
 *
 * @param otherDataKey opens what it sealed, seals nothing; default none
 * @throws CannotDecrypt, MasterKeyUnavailable
 */
export async function openTenantKeys(input: {
  tenantId: string;
  dataKey: WrappedDataKey;
  otherDataKey?: WrappedDataKey | null;
  masterKey: MasterKey;
}): Promise<TenantKeys> {
  const { tenantId, dataKey, otherDataKey, masterKey } = input;
  const unwrap = ({ wrapped, version }: WrappedDataKey) =>
    masterKey.unwrap({ wrapped, context: wrappingContext(tenantId, version) });
  const [sealing, other] = await Promise.all([unwrap(dataKey), otherDataKey && unwrap(otherDataKey)]);
  const keys = new Map([[dataKey.version, sealing]]);
  if (otherDataKey && other) keys.set(otherDataKey.version, other);
  const place = (name: string, keyVersion: number) => [tenantId, name, String(keyVersion)];
  return {
    seal(name, secret) {
      const { version } = dataKey;
      const plaintext = Buffer.from(secret, "utf8");
      const ciphertext = seal({ key: sealing, plaintext, context: place(name, version) });
      return { ciphertext, keyVersion: version };
    },
    open(name, { ciphertext, keyVersion }) {
      const key = keys.get(keyVersion);
      if (!key) throw new KeyVersionUnknown(`${name} needs data key version ${keyVersion}`);
      const plaintext = openSealed({ key, sealed: ciphertext, context: place(name, keyVersion) });
      return Buffer.from(plaintext).toString("utf8");
    },
  };
}
