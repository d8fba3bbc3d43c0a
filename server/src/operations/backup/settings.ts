import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  defineEnvironment,
  defineVariables,
  kinds,
  readEnvironment,
} from "../../../contract/environment/index.ts";
import { dataFolderVariable } from "../data-folder.ts";

/** The platform's, not a tenant's: of the process that makes or restores backups. */
export interface BackupSettings {
  /** Files of logical backups, in a folder per tenant. */
  readonly folder: string;
  /** A tenant's next backup is due this long after its last began, ms. */
  readonly intervalMs: number;
  /** Older ones are pruned, ms; the newest of a living tenant stays whatever its age. */
  readonly retentionMs: number;
  /** Where pg_dump and pg_restore are; null: they are looked for. */
  readonly pgBin: string | null;
  readonly pgBackRest: {
    readonly configFile: string;
    /** Of the registry's own server. Another server's is its name in the registry. */
    readonly stanza: string;
  };
  /** Holds a copy of a database server while one tenant is taken out of it. */
  readonly scratchFolder: string;
}

const hourMs = 3_600_000;

export const backupVariables = defineVariables({
  CLARITY_BACKUP_DIR: {
    kind: kinds.path,
    help: "files of logical backups; a server started without it makes none on schedule",
    otherwise: "<CLARITY_DATA_DIR>/backups",
  },
  CLARITY_BACKUP_INTERVAL_HOURS: {
    kind: kinds.positiveNumber("hours"),
    help: "from one backup of a tenant to its next",
    default: "24",
  },
  CLARITY_BACKUP_RETENTION_DAYS: {
    kind: kinds.positiveNumber("days"),
    help: "older ones are pruned",
    default: "30",
  },
  CLARITY_PG_BIN: {
    kind: kinds.path,
    help: "where pg_dump, pg_restore and postgres are",
    otherwise: "where packages put them",
  },
  CLARITY_PGBACKREST_CONFIG: {
    kind: kinds.path,
    help: "pgBackRest's configuration, read on the machine the command runs on",
    default: "/etc/pgbackrest/pgbackrest.conf",
  },
  CLARITY_PGBACKREST_STANZA: {
    kind: kinds.text,
    help: "pgBackRest's stanza of the registry's own server",
    default: "main",
  },
  CLARITY_SCRATCH_DIR: {
    kind: kinds.path,
    help: "room for a whole database server's files while one tenant is taken out of it",
    otherwise: "the machine's temporary folder",
  },
});

const environment = defineEnvironment({
  program: "backups",
  about: "Makes and restores backups.",
  variables: { ...dataFolderVariable, ...backupVariables },
});

/** @throws WrongEnvironment */
export function backupSettings(processEnv: NodeJS.ProcessEnv): BackupSettings {
  const { values: env } = readEnvironment(environment, processEnv);
  return {
    folder: resolve(env.CLARITY_BACKUP_DIR ?? join(env.CLARITY_DATA_DIR, "backups")),
    intervalMs: env.CLARITY_BACKUP_INTERVAL_HOURS * hourMs,
    retentionMs: env.CLARITY_BACKUP_RETENTION_DAYS * 24 * hourMs,
    pgBin: env.CLARITY_PG_BIN ?? null,
    pgBackRest: {
      configFile: resolve(env.CLARITY_PGBACKREST_CONFIG),
      stanza: env.CLARITY_PGBACKREST_STANZA,
    },
    scratchFolder: resolve(env.CLARITY_SCRATCH_DIR ?? tmpdir()),
  };
}
