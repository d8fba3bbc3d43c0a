import { createPrivateKey } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  CompactSign,
  calculateJwkThumbprint,
  compactVerify,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from "jose";
import { createKeyFile, statKeyFile } from "./key-file.ts";

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
 * An Ed25519 key as JWK in a file of mode 0600, made on first use and never overwritten. One that was put there, in a
 * mounted Secret, may be PEM as `openssl genpkey -algorithm ed25519` writes it.
 *
 * @throws Error when others may read the file
 */
export async function fileCertificateKey(path: string): Promise<CertificateKey> {
  if (!statKeyFile(path, "the key")) await create(path);
  statKeyFile(path, "the key");
  const jwk = parse(readFileSync(path, "utf8"), path);
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

function parse(text: string, path: string): JWK {
  if (!text.startsWith("-----BEGIN ")) return JSON.parse(text);
  const key = createPrivateKey(text);
  if (key.asymmetricKeyType !== "ed25519") throw new Error(`${path} holds no Ed25519 key`);
  return key.export({ format: "jwk" }) as JWK;
}

async function create(path: string): Promise<void> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const key = JSON.stringify(await exportJWK(privateKey));
  createKeyFile({ path, key, what: "a key of openssl genpkey -algorithm ed25519" });
}
