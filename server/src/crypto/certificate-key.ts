import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import {
  CompactSign,
  calculateJwkThumbprint,
  compactVerify,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from "jose";

/** Signs what the platform vouches for long after: certificates of deletion. */
export interface CertificateKey {
  /** RFC 7638 thumbprint; `kid` in every signature. */
  readonly id: string;
  readonly publicJwk: JWK;
  /** JWS, compact, EdDSA over JSON; its header holds `publicJwk`. */
  sign(claims: Record<string, unknown>): Promise<string>;
  /** The claims. @throws when the signature is not of this key */
  verify(jws: string): Promise<Record<string, unknown>>;
}

/** RFC 9864's name for what RFC 8037 calls EdDSA. */
const algorithm = "Ed25519";

/**
 * An Ed25519 key as JWK in a file of mode 0600, made on first use and never overwritten.
 *
 * @throws Error when others may read the file
 */
export async function fileCertificateKey(path: string): Promise<CertificateKey> {
  if (!statSync(path, { throwIfNoEntry: false })) await create(path);
  if ((statSync(path).mode & 0o077) !== 0)
    throw new Error(`the key ${path} is readable by others: chmod 600 it`);
  const jwk: JWK = JSON.parse(readFileSync(path, "utf8"));
  const { d: _, ...publicJwk } = jwk;
  const [privateKey, publicKey] = await Promise.all([
    importJWK(jwk, algorithm),
    importJWK(publicJwk, algorithm),
  ]);
  const id = await calculateJwkThumbprint(publicJwk);
  const named = { ...publicJwk, kid: id };
  return {
    id,
    publicJwk: named,
    sign: (claims) =>
      new CompactSign(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({ alg: algorithm, kid: id, jwk: named, typ: "deletion-certificate+jws" })
        .sign(privateKey),
    async verify(jws) {
      const { payload } = await compactVerify(jws, publicKey, { algorithms: [algorithm] });
      return JSON.parse(Buffer.from(payload).toString("utf8"));
    },
  };
}

/** Whole under another name first: a kill leaves no half key, and of two makers one wins. */
async function create(path: string): Promise<void> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${randomBytes(6).toString("hex")}`;
  writeFileSync(unfinished, JSON.stringify(await exportJWK(privateKey)), { mode: 0o600, flush: true });
  try {
    linkSync(unfinished, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(unfinished);
  }
}
