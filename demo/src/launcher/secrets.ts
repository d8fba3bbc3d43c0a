import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JWK } from "jose";

/** What the demo's parties share with each other; made once, kept in the data folder. */
export interface Secrets {
  providerAdminKey: string;
  /** Passwords of the stand-ins' database roles. */
  databasePasswords: { provider: string; netsuite: string; d365: string };
  /** NetSuite's certificate for our integration: the connector signs, the stand-in verifies. */
  netsuite: { clientId: string; certificateId: string; privateKeyPem: string; publicJwk: JWK };
  d365: { clientId: string; clientSecret: string };
  embed: {
    acme: { id: string; secret: string };
    globex: { id: string; privateJwk: JWK; publicJwk: JWK };
  };
}

/** Reads `secrets.json`, or makes it (mode 0600). */
export function ensureSecrets(dataDir: string): Secrets {
  const file = join(dataDir, "secrets.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8"));
  const secrets = makeSecrets();
  const draft = `${file}.draft`;
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return secrets;
}

function makeSecrets(): Secrets {
  const netsuite = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const globex = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = (key: KeyObject) => key.export({ format: "jwk" }) as JWK;
  return {
    providerAdminKey: `admin_${random()}`,
    databasePasswords: { provider: random(), netsuite: random(), d365: random() },
    netsuite: {
      clientId: `client_${random()}`,
      certificateId: `cert_${random()}`,
      privateKeyPem: String(netsuite.privateKey.export({ format: "pem", type: "pkcs8" })),
      publicJwk: jwk(netsuite.publicKey),
    },
    d365: { clientId: "6b1f0c52-9a1e-4f0c-8d0e-2f2f4f3a7d10", clientSecret: random() },
    embed: {
      acme: { id: "acme-suitescript", secret: random() },
      globex: { id: "globex-d365", privateJwk: jwk(globex.privateKey), publicJwk: jwk(globex.publicKey) },
    },
  };
}

/** 256 bits. */
const random = () => randomBytes(32).toString("base64url");
