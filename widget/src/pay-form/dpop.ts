/** Proof of possession (RFC 9449): a stolen access token is useless without the key, and the key cannot leave. */
const encoder = new TextEncoder();

export function makeKey(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
}

export interface ProofInput {
  method: string;
  /** Absolute; query and fragment are left out of `htu` (RFC 9449 §4.2). */
  url: string;
  /** Bound by its hash (`ath`) once there is one. */
  accessToken?: string | undefined;
  /** The server's time, ms since 1970: the edge takes a minute's difference and no more. */
  nowMs: number;
}

/** A compact JWS for the `DPoP` header, good for one request. */
export async function makeProof(
  key: CryptoKeyPair,
  { method, url, accessToken, nowMs }: ProofInput,
): Promise<string> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", key.publicKey);
  const target = new URL(url);
  const claims = {
    htm: method,
    htu: target.origin + target.pathname,
    iat: Math.floor(nowMs / 1000),
    jti: crypto.randomUUID(),
    ...(accessToken && {
      ath: base64url(await crypto.subtle.digest("SHA-256", encoder.encode(accessToken))),
    }),
  };
  const signed = `${encode({ typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } })}.${encode(claims)}`;
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  return `${signed}.${base64url(await crypto.subtle.sign(algorithm, key.privateKey, encoder.encode(signed)))}`;
}

function encode(value: object): string {
  return base64url(encoder.encode(JSON.stringify(value)));
}

function base64url(bytes: ArrayBuffer | Uint8Array): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}
