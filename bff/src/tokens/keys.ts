import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface EdgeKeyFiles {
  /** Ed25519 private key, PKCS #8 PEM, mode 0600: signs access and internal tokens. For the edge alone. */
  keyFile: string;
  /** Its public half, SPKI PEM: what a server verifies internal tokens with. */
  publicKeyFile: string;
}

/**
 * The edge's key pair in `dir`, made on the first call and found again on later ones.
 *
 * @throws Error when the file is there and holds no Ed25519 private key, or when it is gone and its public half, which
 * servers believe, is there.
 */
export async function ensureEdgeKeys(dir: string): Promise<EdgeKeyFiles> {
  const files = { keyFile: join(dir, "edge-key.pem"), publicKeyFile: join(dir, "edge-key.pub.pem") };
  await mkdir(dir, { recursive: true, mode: 0o700 });
  // Made open by whoever made it before us.
  await chmod(dir, 0o700);
  const found = await readIfThere(files.keyFile);
  if (found === null && (await readIfThere(files.publicKeyFile)) !== null) {
    throw new Error(`${files.keyFile} is gone and ${files.publicKeyFile} is there: ${advice} (both files)`);
  }
  const pem = found ?? (await makeKey(files.keyFile));
  const key = parseKey(pem, files.keyFile);
  const publicPem = String(createPublicKey(key).export({ type: "spki", format: "pem" }));
  if ((await readIfThere(files.publicKeyFile)) !== publicPem) await writeFile(files.publicKeyFile, publicPem);
  return files;
}

/** @throws when the file cannot be read or holds no Ed25519 private key. */
export async function readEdgeKey(keyFile: string): Promise<KeyObject> {
  return parseKey(await readFile(keyFile, "utf8"), keyFile);
}

const advice = "put the right file back, or delete it: a new key only ends the sessions of this hour";

function parseKey(pem: string, file: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`${file} holds no private key: ${advice}`, { cause });
  }
  if (key.asymmetricKeyType !== "ed25519") throw new Error(`${file} holds no Ed25519 key: ${advice}`);
  return key;
}

/** Written beside and moved into place: a kill in between leaves no half a key. */
async function makeKey(keyFile: string): Promise<string> {
  const pem = String(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
  const draft = `${keyFile}.${process.pid}`;
  await writeFile(draft, pem, { mode: 0o600 });
  await rename(draft, keyFile);
  return pem;
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
