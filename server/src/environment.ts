import { resolve } from "node:path";
import { connectionVariables } from "../contract/connections/index.ts";
import {
  defineEnvironment,
  kinds,
  stoppingVariables,
  tracingVariables,
} from "../contract/environment/index.ts";
import { sharedAudience } from "../contract/index.ts";
import { hasFileMasterKey } from "./crypto/master-key.ts";
import { masterKeyPlace, masterKeyVariables, twoMasterKeys } from "./crypto/master-key-variables.ts";
import { masterKeyFileOf } from "./crypto/open-master-key.ts";
import { mailVariables } from "./email/neutral-sender.ts";
import { allowedNetworksVariable } from "./network/variable.ts";
import { sinkVariables } from "./operations/audit/sink-variables.ts";
import { backupVariables } from "./operations/backup/settings.ts";

/** What `main.ts` reads. */
export const serverEnvironment = defineEnvironment({
  program: "server",
  about: "Serves tenants to the edge over HTTP, and does their background work.",
  variables: {
    PORT: { kind: kinds.port, help: "where to listen", default: "4100" },
    HOST: { kind: kinds.host, help: "where to listen", default: "127.0.0.1" },
    CLARITY_REGISTRY_URL: {
      kind: kinds.postgresUrl,
      help: "the registry database",
      required: true,
      secret: true,
    },
    ...masterKeyVariables,
    CLARITY_EDGE_PUBLIC_KEY_FILE: {
      kind: kinds.existingPath,
      help: "verify the edge's internal tokens: SPKI PEM, one or several; read again while it serves",
      required: true,
    },
    CLARITY_POOLER_URL: {
      kind: kinds.postgresUrl,
      help: "PgBouncer (1.21 or newer, transaction mode) in front of the registry's server; host and port count",
    },
    CLARITY_PLUGINS_DIR: { kind: kinds.path, help: "tenants' plugins, <slug>.ts", default: "plugins" },
    CLARITY_VERSION: {
      kind: kinds.text,
      help: "what this build is called, for pinned tenants",
      otherwise: "the package's version",
    },
    CLARITY_AUDIENCE: {
      kind: kinds.httpUrlOr(sharedAudience),
      help: "this server's base URL in the registry, when it is a tenant's own",
      default: sharedAudience,
    },
    ...allowedNetworksVariable,
    ...mailVariables,
    CLARITY_METRICS_PORT: { kind: kinds.port, help: "Prometheus metrics, on a port of their own" },
    CLARITY_METRICS_HOST: { kind: kinds.host, help: "where metrics listen", default: "127.0.0.1" },
    ...stoppingVariables("4500"),
    // A few edges are all its clients.
    ...connectionVariables({ perAddress: 2_000 }),
    CLARITY_EXIT_WITH_PARENT: { kind: kinds.flag, help: "stop when standard input closes", default: "0" },
    LOG_LEVEL: { kind: kinds.logLevel, help: "the least that is logged", default: "info" },
    ...sinkVariables,
    ...backupVariables,
    CLARITY_BACKUP_DIR: { ...backupVariables.CLARITY_BACKUP_DIR, otherwise: "none are made on schedule" },
    ...tracingVariables("server"),
  },
  oneOf: [["CLARITY_MASTER_KEY", "CLARITY_MASTER_KEY_FILE"]],
  rules: (values) => {
    const two = twoMasterKeys(values);
    return two.length > 0 ? two : noMasterKey(masterKeyPlace(values));
  },
});

function isThere(file: string): boolean {
  try {
    return hasFileMasterKey(file);
  } catch {
    return false;
  }
}

/** A server makes no master key: a new one would open nobody's secrets. */
function noMasterKey(place: ReturnType<typeof masterKeyPlace>): string[] {
  const file = masterKeyFileOf(place);
  const needed = place.masterKey === undefined || place.masterKey.startsWith("file:");
  if (!needed || file === undefined || isThere(resolve(file))) return [];
  const name = place.masterKey === undefined ? "CLARITY_MASTER_KEY_FILE" : "CLARITY_MASTER_KEY";
  return [`${name} must name a file that is there`];
}
