import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type KeyRing, keyId, openKeyRing, readPems } from "@clarity/server/contract/edge-trust";

export interface EdgeKeyFiles {
  /** Ed25519 private keys, PKCS #8 PEM, mode 0600: the first signs access and internal tokens. For the edge alone. */
  keyFile: string;
  /** Their public halves, SPKI PEM: what a server verifies internal tokens with. */
  publicKeyFile: string;
}

/**
 * The edge's keys in `dir`, one made on the first call and all found again on later ones.
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
  if (found === null) await makeKey(files.keyFile);
  const keys = await readEdgeKeys(files.keyFile);
  const publicPems = keys.map(({ publicKey }) => String(publicKey.export({ type: "spki", format: "pem" })));
  const publicText = publicPems.join("");
  if ((await readIfThere(files.publicKeyFile)) !== publicText)
    await writeFile(files.publicKeyFile, publicText);
  return files;
}

/** A key of the edge: it signs internal tokens itself, and access tokens by another that is made of it. */
export interface EdgeKey {
  /** RFC 7638 thumbprint of the public half, which servers know. */
  id: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
  /** For access tokens. No server knows it: no token for the one can be passed off as one for the other. */
  access: { id: string; privateKey: KeyObject; publicKey: KeyObject };
}

export type EdgeKeys = KeyRing<EdgeKey>;

/**
 * The keys of a file of PEM blocks, or of a folder of such files, in their order: the first signs, what any of them has
 * signed is accepted. They are read again every 10 s, and when a token is met that none of them has signed.
 *
 * @throws Error when there is none, or one is no Ed25519 key
 */
export const openEdgeKeys = (path: string, onFault: (error: unknown) => void): Promise<EdgeKeys> =>
  openKeyRing({ read: () => readEdgeKeys(path), onFault });

async function readEdgeKeys(path: string): Promise<[EdgeKey, ...EdgeKey[]]> {
  const [first, ...more] = (await readPems(path)).map((pem) => edgeKeyOf(parseKey(pem, path)));
  if (!first) throw new Error(`${path} holds no private key: ${advice}`);
  return [first, ...more];
}

/** @throws when the file cannot be read or holds no Ed25519 private key. */
export async function readEdgeKey(keyFile: string): Promise<KeyObject> {
  return (await readEdgeKeys(keyFile))[0].privateKey;
}

/** @param privateKey Ed25519 */
export function edgeKeyOf(privateKey: KeyObject): EdgeKey {
  return { ...pairOf(privateKey), access: pairOf(accessKeyOf(privateKey)) };
}

function pairOf(privateKey: KeyObject) {
  const publicKey = createPublicKey(privateKey);
  return { id: keyId(publicKey), privateKey, publicKey };
}

/** What stands before the 32 bytes of an Ed25519 seed in PKCS #8 (RFC 8410 §7). */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");

/** HKDF (RFC 5869) of the seed: every edge with the key has this one too, and it leads back to nothing. */
function accessKeyOf(privateKey: KeyObject): KeyObject {
  const seed = Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url");
  const own = hkdfSync("sha256", seed, "", "clarity edge: access tokens, Ed25519", 32);
  return createPrivateKey({
    key: Buffer.concat([pkcs8Head, Buffer.from(own)]),
    format: "der",
    type: "pkcs8",
  });
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
async function makeKey(keyFile: string): Promise<void> {
  const pem = String(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
  const draft = `${keyFile}.${process.pid}`;
  await writeFile(draft, pem, { mode: 0o600 });
  await rename(draft, keyFile);
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
