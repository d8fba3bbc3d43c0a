import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import {
  defineEnvironment,
  defineVariables,
  kinds,
  readEnvironment,
} from "../../contract/environment/index.ts";
import { masterKeyPlace, masterKeyVariables, twoMasterKeys } from "../crypto/master-key-variables.ts";
import { masterKeyFileOf } from "../crypto/open-master-key.ts";
import { mailVariables } from "../email/neutral-sender.ts";
import { allowedNetworksVariable } from "../network/variable.ts";
import { dataFolderVariable } from "./data-folder.ts";
import { namespacePattern } from "./names.ts";
import type { PlatformAddress } from "./platform-address.ts";

const postgresUrl = z.url({ protocol: /^postgres(ql)?$/ });

/**
 * `<data folder>/instance.json`: how to reach what `npm start` runs, for the command line. Mode 0600,
 * since its URLs hold passwords.
 */
const Instance = z.object({
  adminUrl: postgresUrl,
  registryUrl: postgresUrl,
  masterKeyFile: z.string(),
  masterKey: z.string().optional(),
  allowedNetworks: z.string().optional(),
  mail: z.object({ url: z.string(), from: z.string() }).optional(),
  namespace: z.string(),
  /** Where browsers reach the edge, such as `http://127.0.0.1:4000/`. */
  edgeUrl: z.url().optional(),
  sandbox: z
    .object({
      url: z.url(),
      frameUrl: z.url(),
      adminKey: z.string(),
      smtpPort: z.int(),
      mailbox: z.url(),
    })
    .optional(),
});
type Instance = z.infer<typeof Instance>;

/** There is no running or configured platform to talk to. */
export class NotConfigured extends Error {
  override readonly name = "NotConfigured";
}

const fileIn = (dataDir: string) => join(dataDir, "instance.json");

/** Replaced whole: a reader never sees half of it. */
export function writeInstance(dataDir: string, instance: Instance): void {
  const unfinished = `${fileIn(dataDir)}.${process.pid}`;
  writeFileSync(unfinished, `${JSON.stringify(Instance.parse(instance), null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, fileIn(dataDir));
}

/** null: nothing was started with this data folder yet. @throws Error when the file is damaged */
function readInstance(dataDir: string): Instance | null {
  const file = fileIn(dataDir);
  if (!existsSync(file)) return null;
  try {
    return Instance.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new Error(`${file} is damaged: npm start writes it anew`, { cause });
  }
}

const fromDataFolder = "what npm start wrote into CLARITY_DATA_DIR";

/** Where the platform is, for who operates it. */
export const platformVariables = defineVariables({
  DATABASE_URL: {
    kind: kinds.postgresUrl,
    help: "administrator of the registry's PostgreSQL server; operations/servers/administrator.sql grants what it needs",
    otherwise: fromDataFolder,
    secret: true,
  },
  CLARITY_REGISTRY_URL: {
    kind: kinds.postgresUrl,
    help: "the registry database",
    otherwise: fromDataFolder,
    secret: true,
  },
  ...masterKeyVariables,
  CLARITY_NAMESPACE: {
    kind: kinds.textLike("at most 20 lower-case letters, digits and _, a letter first", namespacePattern),
    help: "begins every name on the database server",
    default: "pay",
  },
  ...allowedNetworksVariable,
  ...mailVariables,
  ...dataFolderVariable,
});

const environment = defineEnvironment({
  program: "clarity",
  about: "Finds the platform.",
  variables: platformVariables,
  rules: twoMasterKeys,
});

/**
 * The platform to operate: from DATABASE_URL, CLARITY_REGISTRY_URL and a master key, when all three are
 * set, else from the instance file in CLARITY_DATA_DIR. The master key is CLARITY_MASTER_KEY or
 * CLARITY_MASTER_KEY_FILE; with a key service the file says where the certificate key lies, by default
 * in `<CLARITY_DATA_DIR>/keys`.
 *
 * @throws NotConfigured; WrongEnvironment; Error when that file is damaged
 */
export function findPlatform(processEnv: NodeJS.ProcessEnv): PlatformAddress {
  const { values: env } = readEnvironment(environment, processEnv);
  const { DATABASE_URL, CLARITY_REGISTRY_URL, CLARITY_MASTER_KEY: masterKey } = env;
  const dataDir = resolve(env.CLARITY_DATA_DIR);
  const named = masterKeyFileOf(masterKeyPlace(env));
  if (CLARITY_REGISTRY_URL && DATABASE_URL && (masterKey || named)) {
    return {
      adminUrl: DATABASE_URL,
      registryUrl: CLARITY_REGISTRY_URL,
      masterKeyFile: named ?? join(dataDir, "keys", "master.key"),
      ...(masterKey && { masterKey }),
      namespace: env.CLARITY_NAMESPACE,
      ...(env.CLARITY_ALLOWED_NETWORKS && { allowedNetworks: env.CLARITY_ALLOWED_NETWORKS }),
      ...(env.CLARITY_MAIL_URL &&
        env.CLARITY_MAIL_FROM && { mail: { url: env.CLARITY_MAIL_URL, from: env.CLARITY_MAIL_FROM } }),
    };
  }
  const instance = readInstance(dataDir);
  if (instance) return instance;
  throw new NotConfigured(
    `nothing was started with ${dataDir} yet: run npm start, name its folder in CLARITY_DATA_DIR, ` +
      "or set DATABASE_URL, CLARITY_REGISTRY_URL and CLARITY_MASTER_KEY",
  );
}
