import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ensureEdgeKeys, readEdgeKey } from "./keys.ts";

const dir = mkdtempSync(join(tmpdir(), "edge-keys-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("a damaged key file is named, with what to do, and left as it is", async () => {
  const { keyFile } = await ensureEdgeKeys(dir);
  for (const wrong of ["garbage", "", String(rsaKey())]) {
    writeFileSync(keyFile, wrong);
    const words = /edge-key\.pem holds no .*key: put the right file back, or delete it/;
    await expect(ensureEdgeKeys(dir)).rejects.toThrow(words);
    await expect(readEdgeKey(keyFile)).rejects.toThrow(words);
  }
  rmSync(keyFile);
  await ensureEdgeKeys(dir);
  await expect(readEdgeKey(keyFile)).resolves.toMatchObject({ asymmetricKeyType: "ed25519" });
});

const rsaKey = () =>
  generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });
