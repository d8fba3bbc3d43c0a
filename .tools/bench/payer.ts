/** A browser's side, signed ahead of the load so that the client costs the servers' cores nothing. */
import { createHash, createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import type { LoadRequest } from "./load.ts";

const encode = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const nowS = () => Math.floor(Date.now() / 1000);

/** The embed token an ERP would sign. */
export function embedToken(key: { id: string; secret: string }, customer: string): string {
  const head = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ iss: key.id, aud: "pay", sub: customer, iat: nowS(), exp: nowS() + 300, jti: randomUUID() })}`;
  return `${head}.${createHmac("sha256", key.secret).update(head).digest("base64url")}`;
}

export class Payer {
  readonly host: string;
  accessToken = "";
  readonly #privateKey;
  readonly #header;
  constructor(host: string) {
    this.host = host;
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#privateKey = privateKey;
    const { kty, crv, x, y } = createPublicKey(privateKey).export({ format: "jwk" });
    this.#header = encode({ typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } });
  }

  /** One request with a proof of its own (RFC 9449). */
  request(method: "GET" | "POST", path: string, body?: unknown): LoadRequest {
    const claims = {
      htm: method,
      htu: `http://${this.host}${path}`,
      iat: nowS(),
      jti: randomUUID(),
      ...(this.accessToken ? { ath: createHash("sha256").update(this.accessToken).digest("base64url") } : {}),
    };
    const signed = `${this.#header}.${encode(claims)}`;
    const signature = sign("sha256", Buffer.from(signed), {
      key: this.#privateKey,
      dsaEncoding: "ieee-p1363",
    });
    return {
      method,
      path,
      headers: {
        host: this.host,
        dpop: `${signed}.${signature.toString("base64url")}`,
        ...(this.accessToken ? { authorization: `DPoP ${this.accessToken}` } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
  }
}
