import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JWK } from "jose";
import { z } from "zod";

const text = z.string().min(1);
const jwk = z.custom<JWK>((value) => text.safeParse((value as JWK | null)?.kty).success);

/** What the demo's parties share with each other; made once, kept in the data folder. */
const Secrets = z.object({
  providerAdminKey: text,
  /** Passwords of the stand-ins' database roles. */
  databasePasswords: z.object({ provider: text, netsuite: text, d365: text }),
  /** NetSuite's certificate for our integration: the connector signs, the stand-in verifies. */
  netsuite: z.object({ clientId: text, certificateId: text, privateKeyPem: text, publicJwk: jwk }),
  d365: z.object({ clientId: text, clientSecret: text }),
  embed: z.object({
    acme: z.object({ id: text, secret: text }),
    globex: z.object({ id: text, privateJwk: jwk, publicJwk: jwk }),
  }),
});
export type Secrets = z.infer<typeof Secrets>;

/**
 * Reads `secrets.json`, or makes it (mode 0600).
 *
 * @throws Error when the file is there and damaged.
 */
export function ensureSecrets(dataDir: string): Secrets {
  const file = join(dataDir, "secrets.json");
  if (existsSync(file)) return readSecrets(file);
  const secrets = makeSecrets();
  const draft = `${file}.draft`;
  writeFileSync(draft, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return secrets;
}

function readSecrets(file: string): Secrets {
  try {
    return Secrets.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    const advice = "delete it and start again, the demo makes new ones and keeps its data";
    throw new Error(`${file} is damaged: ${advice}`, { cause });
  }
}

function makeSecrets(): Secrets {
  const netsuite = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const globex = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwkOf = (key: KeyObject) => key.export({ format: "jwk" }) as JWK;
  return {
    providerAdminKey: `admin_${random()}`,
    databasePasswords: { provider: random(), netsuite: random(), d365: random() },
    netsuite: {
      clientId: `client_${random()}`,
      certificateId: `cert_${random()}`,
      privateKeyPem: String(netsuite.privateKey.export({ format: "pem", type: "pkcs8" })),
      publicJwk: jwkOf(netsuite.publicKey),
    },
    d365: { clientId: "6b1f0c52-9a1e-4f0c-8d0e-2f2f4f3a7d10", clientSecret: random() },
    embed: {
      // A key's id stands for one secret for ever: other secrets, other ids.
      acme: { id: `acme-suitescript-${suffix()}`, secret: random() },
      globex: {
        id: `globex-d365-${suffix()}`,
        privateJwk: jwkOf(globex.privateKey),
        publicJwk: jwkOf(globex.publicKey),
      },
    },
  };
}

const suffix = () => randomBytes(4).toString("hex");

/** 256 bits. */
const random = () => randomBytes(32).toString("base64url");
