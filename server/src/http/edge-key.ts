import { createPublicKey, type KeyObject } from "node:crypto";
import { fixedRing, type KeyRing, keyId, openKeyRing, readPems } from "../../contract/edge-trust/index.ts";

/** A public key of the edge; `id` is its RFC 7638 thumbprint. */
export interface EdgePublicKey {
  id: string;
  key: KeyObject;
}

/**
 * What verifies internal tokens: the edge's Ed25519 public keys, one of them, or a secret shared within one process.
 */
export type EdgeKey =
  | { alg: "EdDSA"; keys: KeyRing<EdgePublicKey> }
  | { alg: "EdDSA"; key: KeyObject }
  | { alg: "HS256"; key: KeyObject };

/** A secret has no name: tokens of one process do not say it. */
export function ringOf(edgeKey: EdgeKey): KeyRing<EdgePublicKey> {
  if ("keys" in edgeKey) return edgeKey.keys;
  const { alg, key } = edgeKey;
  return fixedRing({ id: alg === "EdDSA" ? keyId(key) : "", key });
}

/**
 * The keys of a file of SPKI PEM blocks, or of a folder of such files; one that was added is found when a token is met
 * that it signed, and one that was taken away is believed for 10 s more at most.
 *
 * @throws Error when there is none, or one is no Ed25519 key
 */
export const openEdgePublicKeys = (path: string, onFault: (error: unknown) => void) =>
  openKeyRing({ read: () => readPublicKeys(path), onFault });

async function readPublicKeys(path: string): Promise<[EdgePublicKey, ...EdgePublicKey[]]> {
  const [first, ...more] = (await readPems(path)).map((pem) => parse(pem, path));
  if (!first) throw new Error(`${path} holds no public key`);
  return [first, ...more];
}

function parse(pem: string, path: string): EdgePublicKey {
  const key = orNull(() => createPublicKey(pem));
  if (key?.asymmetricKeyType !== "ed25519") throw new Error(`${path} holds what is no Ed25519 public key`);
  return { id: keyId(key), key };
}

function orNull<T>(make: () => T): T | null {
  try {
    return make();
  } catch {
    return null;
  }
}
