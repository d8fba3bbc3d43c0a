import { randomUUID } from "node:crypto";
import {
  base64url,
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  type JWTPayload,
  SignJWT,
} from "jose";

/** A browser's side of DPoP, by jose: the oracle our own check is held against. */
export interface Browser {
  jkt: string;
  /** `extra` overrides claims; `header` overrides the protected header. */
  proof(input: {
    method: string;
    url: string;
    accessToken?: string;
    extra?: JWTPayload;
    header?: Record<string, unknown>;
  }): Promise<string>;
}

export async function createBrowser(alg: "ES256" | "EdDSA" = "ES256"): Promise<Browser> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  return {
    jkt: await calculateJwkThumbprint(jwk),
    async proof({ method, url, accessToken, extra, header }) {
      const ath = accessToken === undefined ? {} : { ath: await sha256(accessToken) };
      return new SignJWT({ htm: method, htu: url, jti: randomUUID(), ...ath, ...extra })
        .setProtectedHeader({ alg, typ: "dpop+jwt", jwk, ...header })
        .setIssuedAt(extra?.iat)
        .sign(privateKey);
    },
  };
}

export const sha256 = async (text: string) =>
  base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
