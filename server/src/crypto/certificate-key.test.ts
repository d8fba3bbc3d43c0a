import { generateKeyPairSync } from "node:crypto";
import { chmodSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { makeCertificateKey, readCertificateKey } from "./certificate-key.ts";

const folder = temporaryFolders();
const pem = (type: "ed25519" | "x25519") =>
  generateKeyPairSync(type as "ed25519").privateKey.export({ type: "pkcs8", format: "pem" });

test("a key of openssl's that was put there, a link, readable by its group, signs what it verifies", async () => {
  const root = folder();
  writeFileSync(join(root, "real"), pem("ed25519"), { mode: 0o440 });
  symlinkSync("real", join(root, "certificate.key"));
  const key = await readCertificateKey(join(root, "certificate.key"));
  if (!key) throw new Error("no key was read");
  expect(key.publicJwk).not.toHaveProperty("d");
  const again = await readCertificateKey(join(root, "certificate.key"));
  if (!again) throw new Error("no key was read");
  expect(again.id).toBe(key.id);
  await expect(again.verify(await key.sign({ a: 1 }))).resolves.toEqual({ a: 1 });
});

test("one that everybody may read, or that is no Ed25519 key, is refused; one is made where it is asked for", async () => {
  const path = join(folder(), "keys", "certificate.key");
  await expect(readCertificateKey(path)).resolves.toBe(null);
  await makeCertificateKey(path);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  chmodSync(path, 0o644);
  await expect(readCertificateKey(path)).rejects.toThrow("readable by others");
  const other = join(folder(), "certificate.key");
  writeFileSync(other, pem("x25519"), { mode: 0o600 });
  await expect(readCertificateKey(other)).rejects.toThrow("no Ed25519 key");
  await expect(makeCertificateKey("/dev/null/keys/certificate.key")).rejects.toThrow("openssl genpkey");
});
