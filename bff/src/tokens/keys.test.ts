import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { appendFileSync, chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keyId, readPems } from "@clarity/server/contract/edge-trust";
import { afterAll, expect, test } from "vitest";
import { ensureEdgeKeys, openEdgeKeys, readEdgeKey } from "./keys.ts";

const dir = mkdtempSync(join(tmpdir(), "edge-keys-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("a damaged key file is named, with what to do, and left as it is", async () => {
  const { keyFile, publicKeyFile } = await ensureEdgeKeys(dir);
  for (const wrong of ["garbage", "", String(rsaKey())]) {
    writeFileSync(keyFile, wrong);
    const words = /edge-key\.pem holds no .*key: put the right file back, or delete it/;
    await expect(ensureEdgeKeys(dir)).rejects.toThrow(words);
    await expect(readEdgeKey(keyFile)).rejects.toThrow(words);
  }
  rmSync(keyFile);
  // Servers believe the half that is left: another is not made beside it.
  await expect(ensureEdgeKeys(dir)).rejects.toThrow(
    /edge-key\.pem is gone .* put the right file back, or delete it/,
  );
  rmSync(publicKeyFile);
  await ensureEdgeKeys(dir);
  await expect(readEdgeKey(keyFile)).resolves.toMatchObject({ asymmetricKeyType: "ed25519" });
});

test("several keys stay several: a start in the middle of a rotation takes none from the servers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "edge-keys-"));
  const { keyFile, publicKeyFile } = await ensureEdgeKeys(folder);
  const { privateKey } = generateKeyPairSync("ed25519");
  appendFileSync(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  await ensureEdgeKeys(folder);
  const ids = (await openEdgeKeys(keyFile, () => {})).all().map(({ id }) => id);
  const publicIds = (await readPems(publicKeyFile)).map((pem) => keyId(createPublicKey(pem)));
  expect(ids).toHaveLength(2);
  expect(publicIds).toEqual(ids);
  rmSync(folder, { recursive: true });
});

test("a folder that was open holds its key for the owner's eyes only", async () => {
  const open = mkdtempSync(join(tmpdir(), "edge-keys-"));
  chmodSync(open, 0o755);
  await ensureEdgeKeys(open);
  expect(statSync(open).mode & 0o777).toBe(0o700);
  rmSync(open, { recursive: true });
});

const rsaKey = () =>
  generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });
