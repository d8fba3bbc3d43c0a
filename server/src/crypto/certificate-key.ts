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
import { z } from "zod";
import { createKeyFile, statKeyFile } from "./key-file.ts";

/** What a signature says it is of, in its header's `typ`: one kind is never taken for another. */
export type SignedType = "deletion-certificate+jws" | "tenant-export+jws";

/** Signs what the platform vouches for long after: certificates of deletion, exports. */
export interface CertificateKey {
  /** RFC 7638 thumbprint; `kid` in every signature. */
  readonly id: string;
  readonly publicJwk: JWK;
  /** JWS, compact, EdDSA over JSON; its header holds `publicJwk`. `type` default: a certificate of deletion. */
  sign(claims: Record<string, unknown>, type?: SignedType): Promise<string>;
  /** The claims. @throws when the signature is not of this key, or of another type */
  verify(jws: string, type?: SignedType): Promise<Record<string, unknown>>;
}

/** RFC 9864's name for what RFC 8037 calls EdDSA. */
const algorithm = "Ed25519";

/** An Ed25519 public key, and nothing else: neither another curve nor a private part. */
export const PublicSigningJwk = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/, "32 bytes in base64url"),
});
export type PublicSigningJwk = z.infer<typeof PublicSigningJwk>;

/** RFC 7638. */
export const signingKeyId = (jwk: PublicSigningJwk): Promise<string> => calculateJwkThumbprint(jwk);

/**
 * An Ed25519 key as JWK in a file of mode 0600; null: there is none. None is made by looking. One that was put there, in a
 * mounted Secret, may be PEM as `openssl genpkey -algorithm ed25519` writes it.
 *
 * @throws Error when others may read the file
 */
export async function readCertificateKey(path: string): Promise<CertificateKey | null> {
  if (!statKeyFile(path, "the key")) return null;
  const jwk = parse(readFileSync(path, "utf8"), path);
  const { d: _, ...publicJwk } = jwk;
  const privateKey = await importJWK(jwk, algorithm);
  const id = await calculateJwkThumbprint(publicJwk);
  const named = { ...publicJwk, kid: id };
  return {
    id,
    publicJwk: named,
    sign: (claims, type = "deletion-certificate+jws") =>
      new CompactSign(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({ alg: algorithm, kid: id, jwk: named, typ: type })
        .sign(privateKey),
    verify: (jws, type = "deletion-certificate+jws") => verifySigned({ jws, type, publicJwk }),
  };
}

/** The claims. @throws when the signature is not of this key, or of another type */
export async function verifySigned(input: {
  jws: string;
  type: SignedType;
  publicJwk: JWK;
}): Promise<Record<string, unknown>> {
  const key = await importJWK(input.publicJwk, algorithm);
  const { payload, protectedHeader } = await compactVerify(input.jws, key, { algorithms: [algorithm] });
  if (protectedHeader.typ !== input.type) throw new Error(`it is signed as ${protectedHeader.typ}`);
  return JSON.parse(Buffer.from(payload).toString("utf8"));
}

/** Never overwrites; of two makers one wins. */
export async function makeCertificateKey(path: string): Promise<void> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const key = JSON.stringify(await exportJWK(privateKey));
  createKeyFile({ path, key, what: "a key of openssl genpkey -algorithm ed25519" });
}

function parse(text: string, path: string): JWK {
  if (!text.startsWith("-----BEGIN ")) return JSON.parse(text);
  const key = createPrivateKey(text);
  if (key.asymmetricKeyType !== "ed25519") throw new Error(`${path} holds no Ed25519 key`);
  return key.export({ format: "jwk" }) as JWK;
}
