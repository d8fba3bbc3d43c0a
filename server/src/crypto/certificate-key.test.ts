import { generateKeyPairSync } from "node:crypto";
import { chmodSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { fileCertificateKey } from "./certificate-key.ts";

const folder = temporaryFolders();
const pem = (type: "ed25519" | "x25519") =>
  generateKeyPairSync(type as "ed25519").privateKey.export({ type: "pkcs8", format: "pem" });

test("a key of openssl's that was put there, a link, readable by its group, signs what it verifies", async () => {
  const root = folder();
  writeFileSync(join(root, "real"), pem("ed25519"), { mode: 0o440 });
  symlinkSync("real", join(root, "certificate.key"));
  const key = await fileCertificateKey(join(root, "certificate.key"));
  expect(key.publicJwk).not.toHaveProperty("d");
  const again = await fileCertificateKey(join(root, "certificate.key"));
  expect(again.id).toBe(key.id);
  await expect(again.verify(await key.sign({ a: 1 }))).resolves.toEqual({ a: 1 });
});

test("one that everybody may read, or that is no Ed25519 key, is refused; one is made where there is none", async () => {
  const path = join(folder(), "keys", "certificate.key");
  await fileCertificateKey(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  chmodSync(path, 0o644);
  await expect(fileCertificateKey(path)).rejects.toThrow("readable by others");
  const other = join(folder(), "certificate.key");
  writeFileSync(other, pem("x25519"), { mode: 0o600 });
  await expect(fileCertificateKey(other)).rejects.toThrow("no Ed25519 key");
  await expect(fileCertificateKey("/dev/null/keys/certificate.key")).rejects.toThrow("openssl genpkey");
});
