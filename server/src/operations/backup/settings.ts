import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";

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
const positive = z.coerce.number().positive();

const Environment = z.object({
  CLARITY_DATA_DIR: z.string().default(".data"),
  CLARITY_BACKUP_DIR: z.string().min(1).optional(),
  CLARITY_BACKUP_INTERVAL_HOURS: positive.default(24),
  CLARITY_BACKUP_RETENTION_DAYS: positive.default(30),
  CLARITY_PG_BIN: z.string().min(1).optional(),
  CLARITY_PGBACKREST_CONFIG: z.string().default("/etc/pgbackrest/pgbackrest.conf"),
  CLARITY_PGBACKREST_STANZA: z.string().default("main"),
  CLARITY_SCRATCH_DIR: z.string().default(tmpdir()),
});

/** @throws ZodError */
export function backupSettings(environment: NodeJS.ProcessEnv): BackupSettings {
  const env = Environment.parse(environment);
  return {
    folder: resolve(env.CLARITY_BACKUP_DIR ?? join(env.CLARITY_DATA_DIR, "backups")),
    intervalMs: env.CLARITY_BACKUP_INTERVAL_HOURS * hourMs,
    retentionMs: env.CLARITY_BACKUP_RETENTION_DAYS * 24 * hourMs,
    pgBin: env.CLARITY_PG_BIN ?? null,
    pgBackRest: {
      configFile: resolve(env.CLARITY_PGBACKREST_CONFIG),
      stanza: env.CLARITY_PGBACKREST_STANZA,
    },
    scratchFolder: resolve(env.CLARITY_SCRATCH_DIR),
  };
}
