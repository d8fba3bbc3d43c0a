import { importPKCS8, SignJWT } from "jose";
import { ErpError } from "../connector.ts";
import { askForToken, type TokenGrant } from "../transport/client.ts";
import type { NetsuiteConfig } from "./config.ts";

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/** Used at once; NetSuite allows an hour. Seconds. */
const assertionLifetimeS = 300;

/** Buys access tokens with a signed assertion (RFC 7523). */
export function assertionSigner(options: {
  config: NetsuiteConfig;
  privateKeyPem: string;
  fetch: typeof fetch;
}): () => Promise<TokenGrant> {
  const { config, privateKeyPem } = options;
  const url = new URL("/services/rest/auth/oauth2/v1/token", config.baseUrl);
  return async () => {
    const key = await importPKCS8(privateKeyPem, config.algorithm).catch((cause) => {
      throw new ErpError("unauthorized", `the private key is no PKCS #8 PEM for ${config.algorithm}`, {
        cause,
      });
    });
    const now = Math.floor(Date.now() / 1000);
    const assertion = await new SignJWT({ scope: ["rest_webservices"] })
      .setProtectedHeader({ alg: config.algorithm, typ: "JWT", kid: config.certificateId })
      .setIssuer(config.clientId)
      .setAudience(url.href)
      .setIssuedAt(now)
      .setExpirationTime(now + assertionLifetimeS)
      .sign(key);
    return askForToken(options.fetch, {
      url,
      form: {
        grant_type: "client_credentials",
        client_assertion_type: assertionType,
      },
      secret: { client_assertion: assertion },
    });
  };
}
