import { randomBytes } from "node:crypto";
import type { MasterKey } from "./master-key.ts";
import { CannotDecrypt, openSealed, seal } from "./seal.ts";

/** A secret as it is stored: readable only with this tenant's key of this version, under this name. */
export interface SealedSecret {
  readonly ciphertext: Uint8Array;
  readonly keyVersion: number;
}

/** Encrypts one tenant's secrets. `name` says where the ciphertext stands; moved, it is unreadable. */
export interface TenantKeys {
  seal(name: string, secret: string): SealedSecret;
  /** @throws CannotDecrypt */
  open(name: string, sealed: SealedSecret): string;
}

/** A tenant's data key as the registry keeps it. */
export interface WrappedDataKey {
  readonly wrapped: Uint8Array;
  readonly version: number;
}

const context = (tenantId: string, version: number) => [tenantId, "data-key", String(version)];

/** A new random 32-byte key, version 1. */
export async function createDataKey(input: {
  tenantId: string;
  masterKey: MasterKey;
}): Promise<WrappedDataKey> {
  const version = 1;
  const wrapped = await input.masterKey.wrap({
    key: randomBytes(32),
    context: context(input.tenantId, version),
  });
  return { wrapped, version };
}

/** Unwraps the tenant's data key; it stays in this closure. @throws CannotDecrypt */
export async function openTenantKeys(input: {
  tenantId: string;
  dataKey: WrappedDataKey;
  masterKey: MasterKey;
}): Promise<TenantKeys> {
  const { tenantId, dataKey } = input;
  const { version } = dataKey;
  const key = await input.masterKey.unwrap({
    wrapped: dataKey.wrapped,
    context: context(tenantId, version),
  });
  const place = (name: string, keyVersion: number) => [tenantId, name, String(keyVersion)];
  return {
    seal(name, secret) {
      const plaintext = Buffer.from(secret, "utf8");
      return { ciphertext: seal({ key, plaintext, context: place(name, version) }), keyVersion: version };
    },
    open(name, { ciphertext, keyVersion }) {
      if (keyVersion !== version) throw new CannotDecrypt(`${name} needs data key version ${keyVersion}`);
      const plaintext = openSealed({ key, sealed: ciphertext, context: place(name, keyVersion) });
      return Buffer.from(plaintext).toString("utf8");
    },
  };
}
