import { randomBytes } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { fileMasterKey, makeFileMasterKey } from "./master-key.ts";
import { CannotDecrypt } from "./seal.ts";
import {
  createDataKey,
  KeyVersionUnknown,
  openTenantKeys,
  type TenantKeys,
  wrappingContext,
} from "./tenant-keys.ts";

const masterKeyFile = join(temporaryFolders()(), "master.key");
makeFileMasterKey(masterKeyFile);
const masterKey = fileMasterKey(masterKeyFile);
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

test("while keys are rotated both open and one seals; a version that is neither is told apart from damage", async () => {
  const dataKey = await createDataKey({ tenantId: acme, masterKey });
  const next = await createDataKey({ tenantId: acme, masterKey, version: 2 });
  const before = await openTenantKeys({ tenantId: acme, dataKey, masterKey });
  const during = await openTenantKeys({ tenantId: acme, dataKey: next, otherDataKey: dataKey, masterKey });
  const old = before.seal("smtp.password", "s3cret");
  expect(during.open("smtp.password", old)).toBe("s3cret");
  const fresh = during.seal("smtp.password", "s3cret");
  expect(fresh.keyVersion).toBe(2);
  expect(() => before.open("smtp.password", fresh)).toThrow(KeyVersionUnknown);
});

test("whatever is moved between names, versions and tenants, or altered, opens nowhere but where it belongs", async () => {
  const tenants = [acme, globex];
  const versions = [1, 2, 3];
  // The same bytes under every tenant and version: only what is authenticated keeps them apart.
  const key = randomBytes(32);
  const opened = new Map<string, TenantKeys>();
  for (const tenantId of tenants)
    for (const version of versions) {
      const wrapped = await masterKey.wrap({ key, context: wrappingContext(tenantId, version) });
      const dataKey = { wrapped, version };
      opened.set(`${tenantId}${version}`, await openTenantKeys({ tenantId, dataKey, masterKey }));
    }
  const place = fc.record({
    tenantId: fc.constantFrom(...tenants),
    version: fc.constantFrom(...versions),
    name: fc.oneof(fc.string(), fc.constantFrom("setting:a", "setting:b", 'setting:a","1', "embed-key:a")),
  });
  const keysAt = ({ tenantId, version }: { tenantId: string; version: number }) =>
    opened.get(`${tenantId}${version}`) as TenantKeys;
  fc.assert(
    fc.property(place, place, fc.string(), fc.nat(), (from, to, secret, at) => {
      const { ciphertext } = keysAt(from).seal(from.name, secret);
      const read = (bytes: Uint8Array) =>
        keysAt(to).open(to.name, { ciphertext: bytes, keyVersion: to.version });
      const same = from.tenantId === to.tenantId && from.version === to.version && from.name === to.name;
      if (same) expect(read(ciphertext)).toBe(secret);
      else expect(() => read(ciphertext)).toThrow(CannotDecrypt);
      const altered = Uint8Array.from(ciphertext);
      altered[at % altered.length] = (altered[at % altered.length] ?? 0) ^ 1;
      expect(() => read(altered)).toThrow(CannotDecrypt);
    }),
    {
      numRuns: 300,
      examples: [
        [{ tenantId: acme, version: 1, name: "a" }, { tenantId: acme, version: 1, name: "a" }, "s", 0],
      ],
    },
  );
});
