import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { awsKmsMasterKey } from "./aws-kms-master-key.ts";
import { masterKeyConformance } from "./master-key.conformance.ts";
import { fileMasterKey, MasterKeyUnavailable, makeFileMasterKey } from "./master-key.ts";
import { openMasterKey } from "./open-master-key.ts";
import { CannotDecrypt } from "./seal.ts";
import { type KmsStandIn, startKmsStandIn } from "./testing/kms-stand-in.ts";

let kms: KmsStandIn;
let arn = "";
beforeAll(async () => {
  kms = await startKmsStandIn();
  arn = kms.createKey();
  for (const [name, value] of Object.entries(kms.environment)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await kms.close();
});

const folder = temporaryFolders();
const key = new Uint8Array(32).fill(7);
const context = ["t1", "data-key", "1"];

masterKeyConformance(async () => awsKmsMasterKey({ keyId: arn }));

test("a key whose alias has moved on still unwraps, and is told apart from the one that wraps now", async () => {
  kms.setAlias("alias/pay", arn);
  const masterKey = awsKmsMasterKey({ keyId: "alias/pay" });
  const wrapped = await masterKey.wrap({ key, context });
  expect(await masterKey.isCurrent({ wrapped, context })).toBe(true);
  kms.setAlias("alias/pay", kms.createKey());
  expect(Buffer.from(await masterKey.unwrap({ wrapped, context }))).toEqual(Buffer.from(key));
  expect(await masterKey.isCurrent({ wrapped, context })).toBe(false);
});

test("bytes another account's key wrapped are refused, even when the service would open them", async () => {
  const theirs = await awsKmsMasterKey({ keyId: kms.createKey("999900001111") }).wrap({ key, context });
  await expect(awsKmsMasterKey({ keyId: arn }).unwrap({ wrapped: theirs, context })).rejects.toBeInstanceOf(
    CannotDecrypt,
  );
});

test.each([
  { type: "ThrottlingException", times: 2 },
  { type: "silence", times: 1 },
])("a call that ends in $type is made again", async (fault) => {
  const masterKey = awsKmsMasterKey({ keyId: arn });
  kms.fail(fault);
  const wrapped = await masterKey.wrap({ key, context });
  await expect(masterKey.unwrap({ wrapped, context })).resolves.toHaveLength(32);
});

test.each([
  { type: "AccessDeniedException", status: 400 },
  { type: "DisabledException", status: 400 },
  { type: "KMSInternalException", status: 500 },
])("$type is not taken for a damaged key, and says who refused", async ({ type, status }) => {
  const masterKey = awsKmsMasterKey({ keyId: arn });
  const wrapped = await masterKey.wrap({ key, context });
  kms.fail({ type, status, times: 4 });
  const refused = masterKey.unwrap({ wrapped, context });
  await expect(refused).rejects.toBeInstanceOf(MasterKeyUnavailable);
  await expect(refused).rejects.toThrow(`AWS KMS, ${arn}: ${type}`);
  kms.fail({ type, times: 0 });
});

test("a wrong secret key, and a service that is down, are said so", async () => {
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wrong");
  await expect(awsKmsMasterKey({ keyId: arn }).wrap({ key, context })).rejects.toThrow(
    "InvalidSignatureException",
  );
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", kms.environment.AWS_SECRET_ACCESS_KEY as string);
  vi.stubEnv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:1");
  await expect(awsKmsMasterKey({ keyId: arn }).wrap({ key, context })).rejects.toThrow("ECONNREFUSED");
  vi.stubEnv("AWS_ENDPOINT_URL_KMS", kms.environment.AWS_ENDPOINT_URL_KMS as string);
});

test("chosen by configuration it is asked once for a key, however often the key is needed", async () => {
  const masterKey = openMasterKey({ masterKey: `aws-kms:${arn}` });
  const wrapped = await masterKey.wrap({ key, context });
  const before = kms.calls.length;
  await Promise.all(Array.from({ length: 20 }, () => masterKey.unwrap({ wrapped, context })));
  await masterKey.unwrap({ wrapped, context });
  expect(kms.calls.slice(before)).toEqual(["Decrypt"]);
  await expect(masterKey.unwrap({ wrapped, context: ["t2", "data-key", "1"] })).rejects.toThrow();
});

test("taking over from a file, it opens what the file wrapped, until the file is retired", async () => {
  const masterKeyFile = join(folder(), "master.key");
  makeFileMasterKey(masterKeyFile);
  const wrapped = await fileMasterKey(masterKeyFile).wrap({ key, context });
  const place = { masterKey: `aws-kms:${arn}`, masterKeyFile };
  const masterKey = openMasterKey(place);
  await expect(masterKey.unwrap({ wrapped, context })).resolves.toHaveLength(32);
  expect(await masterKey.isCurrent({ wrapped, context })).toBe(false);
  const again = await masterKey.wrap({ key, context });
  expect(await masterKey.isCurrent({ wrapped: again, context })).toBe(true);
  await expect(masterKey.retire([masterKeyFile])).resolves.toEqual([masterKeyFile]);
  await expect(openMasterKey(place).unwrap({ wrapped, context })).rejects.toBeInstanceOf(CannotDecrypt);
  await expect(openMasterKey(place).unwrap({ wrapped: again, context })).resolves.toHaveLength(32);
});

test("a place that is no place, or two, is refused", () => {
  expect(() => openMasterKey({})).toThrow("no master key is named");
  expect(() => openMasterKey({ masterKey: "vault:x" })).toThrow("neither file:<path> nor aws-kms:<key>");
  const file = join(folder(), "master.key");
  writeFileSync(file, key, { mode: 0o600 });
  expect(() => openMasterKey({ masterKey: `file:${file}`, masterKeyFile: "/other" })).toThrow(
    "two master keys",
  );
  expect(() => openMasterKey({ masterKey: `file:${file}` })).not.toThrow();
});
