import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { fileMasterKey } from "./master-key.ts";
import { CannotDecrypt } from "./seal.ts";
import { createDataKey, openTenantKeys } from "./tenant-keys.ts";

const masterKey = fileMasterKey(join(temporaryFolders()(), "master.key"));
const acme = "7a1d0c52-0000-4000-8000-000000000001";
const globex = "7a1d0c52-0000-4000-8000-000000000002";

async function keysOf(tenantId: string) {
  const dataKey = await createDataKey({ tenantId, masterKey });
  return { dataKey, keys: await openTenantKeys({ tenantId, dataKey, masterKey }) };
}

test("opens what it sealed", async () => {
  const { keys } = await keysOf(acme);
  expect(keys.open("smtp.password", keys.seal("smtp.password", "s3cret ✓"))).toBe("s3cret ✓");
});

test("a ciphertext moved to another name, key version or tenant cannot be read", async () => {
  const { dataKey, keys } = await keysOf(acme);
  const sealed = keys.seal("provider.secretKey", "sk_live");
  expect(() => keys.open("smtp.password", sealed)).toThrow(CannotDecrypt);
  expect(() => keys.open("provider.secretKey", { ...sealed, keyVersion: 2 })).toThrow(CannotDecrypt);
  const other = await keysOf(globex);
  expect(() => other.keys.open("provider.secretKey", sealed)).toThrow(CannotDecrypt);

  // Even with the very same key bytes the version and the tenant are authenticated.
  const raw = await masterKey.unwrap({ wrapped: dataKey.wrapped, context: [acme, "data-key", "1"] });
  const asVersion2 = {
    version: 2,
    wrapped: await masterKey.wrap({ key: raw, context: [acme, "data-key", "2"] }),
  };
  const sameKeyVersion2 = await openTenantKeys({ tenantId: acme, dataKey: asVersion2, masterKey });
  expect(() => sameKeyVersion2.open("provider.secretKey", { ...sealed, keyVersion: 2 })).toThrow(
    CannotDecrypt,
  );
  const asGlobex = {
    version: 1,
    wrapped: await masterKey.wrap({ key: raw, context: [globex, "data-key", "1"] }),
  };
  const sameKeyGlobex = await openTenantKeys({ tenantId: globex, dataKey: asGlobex, masterKey });
  expect(() => sameKeyGlobex.open("provider.secretKey", sealed)).toThrow(CannotDecrypt);
});

test("a data key moved to another tenant cannot be unwrapped", async () => {
  const { dataKey } = await keysOf(acme);
  await expect(openTenantKeys({ tenantId: globex, dataKey, masterKey })).rejects.toThrow(CannotDecrypt);
});
