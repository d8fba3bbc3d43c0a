import type { Sql } from "../../database/connect.ts";
import { bad, type Finding, fine, note, reasonOf } from "../finding.ts";
import type { Operator } from "../operator.ts";
import { readRepository } from "./programs/pgbackrest.ts";
import { asServerAdministrator } from "./restore/load-database.ts";
import { stanzaOf } from "./restore/require-archive.ts";
import type { BackupSettings } from "./settings.ts";

/** A server whose archive is further behind than this loses more than we promise, s. */
const longestArchiveTimeoutS = 900;

interface Archiver {
  readonly mode: string;
  readonly timeout: number;
  readonly failing: string | null;
  readonly failures: number;
  readonly systemId: string;
}

/**
 * Whether a server's tenants could be brought back to an instant: PostgreSQL is asked whether WAL leaves it, and
 * pgBackRest whether there is a copy of the files to replay it on.
 *
 * @param server null: the registry's own
 */
export async function archiveFinding(input: {
  ctx: Operator;
  settings: BackupSettings;
  server: { readonly name: string } | null;
}): Promise<Finding> {
  const { ctx, settings, server } = input;
  const name = server ? `database server ${server.name}` : "the registry's database server";
  try {
    const archiver = await asServerAdministrator({ ctx, server }, readArchiver);
    const wrong = ofArchiver(name, archiver);
    return wrong ?? (await ofRepository({ name, settings, stanza: stanzaOf(settings, server), archiver }));
  } catch (error) {
    return bad(`${name}: ${reasonOf(error)}`, "nobody knows whether its WAL is archived", "is it running?");
  }
}

async function readArchiver(sql: Sql): Promise<Archiver> {
  const [row] = await sql<Archiver[]>`
    select current_setting('archive_mode') as mode, failed_count::int as failures,
      (select setting::int from pg_settings where name = 'archive_timeout') as timeout,
      case when last_failed_time > coalesce(last_archived_time, '-infinity') then last_failed_wal end as failing,
      system_identifier::text as "systemId"
    from pg_stat_archiver, pg_control_system()`;
  if (!row) throw new Error("unreachable: one row");
  return row;
}

function ofArchiver(name: string, { mode, timeout, failing, failures }: Archiver): Finding | null {
  if (mode === "off") {
    return note(
      `${name} archives no WAL`,
      "none of its tenants can be brought back to an instant",
      "archive it with pgBackRest: server/src/operations/backup/README.md",
    );
  }
  if (failing) {
    return bad(
      `${name}: archiving fails at ${failing}, ${failures} times so far`,
      "a crash loses what happened since, and its disk fills until it works",
      "see its log for what archive_command says",
    );
  }
  if (timeout === 0 || timeout > longestArchiveTimeoutS) {
    return bad(
      `${name}: archive_timeout is ${timeout} s`,
      "a crash may lose more than 15 min",
      `set it to ${longestArchiveTimeoutS} or less`,
    );
  }
  return null;
}

async function ofRepository(input: {
  name: string;
  settings: BackupSettings;
  stanza: string;
  archiver: Archiver;
}): Promise<Finding> {
  const { name, settings, stanza, archiver } = input;
  const archives = `${name} archives its WAL at least every ${archiver.timeout} s`;
  const asked = await readRepository({ settings, stanza, systemId: archiver.systemId }).catch(reasonOf);
  if (typeof asked === "string") {
    return note(
      `${archives}; whether it could be recovered from that is not known here: ${asked}`,
      "nothing is restored from WAL alone",
      "run clarity backup check where pgBackRest and its configuration are",
    );
  }
  const [oldest] = asked.copies;
  if (oldest) return fine(`${archives}, and can be recovered to any instant since ${oldest.toISOString()}`);
  return bad(
    `${archives}, and stanza ${stanza} holds no copy of its files (${asked.status})`,
    "nothing is restored from WAL alone: none of its tenants can be brought back to an instant",
    `as PostgreSQL's user: pgbackrest --stanza=${stanza} backup; a stanza of its own must be archive_command's too`,
  );
}
