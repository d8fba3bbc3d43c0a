import type { Sql } from "../../../database/connect.ts";
import { readRepository } from "../programs/pgbackrest.ts";
import type { BackupSettings } from "../settings.ts";
import { InstantUnreachable } from "./errors.ts";

/** What pgBackRest calls a database server. @param server null: the registry's own */
export const stanzaOf = (settings: BackupSettings, server: { readonly name: string } | null): string =>
  server?.name ?? settings.pgBackRest.stanza;

/**
 * To be asked first: waiting for an archive that is not there would take until patience ends, and recovering from
 * one without a copy old enough would say nothing of what is there.
 *
 * @param sql an administrator's connection to the server
 * @param to null: as far as the archive goes
 * @throws InstantUnreachable; Error when pgBackRest cannot be asked
 */
export async function requireArchive(input: {
  sql: Sql;
  settings: BackupSettings;
  server: { readonly name: string } | null;
  to: Date | null;
}): Promise<void> {
  const { sql, settings, server, to } = input;
  const [row] = await sql<{ mode: string; systemId: string }[]>`
    select current_setting('archive_mode') as mode, system_identifier::text as "systemId" from pg_control_system()`;
  if (row === undefined || row.mode === "off") {
    throw new InstantUnreachable(
      "archive_mode is off at the tenant's database server: there is no WAL archive",
    );
  }
  const stanza = stanzaOf(settings, server);
  const { copies, status } = await readRepository({ settings, stanza, systemId: row.systemId });
  const [oldest] = copies;
  if (!oldest) {
    throw new InstantUnreachable(
      `stanza ${stanza} holds no copy of the server's files (${status}): pgbackrest --stanza=${stanza} backup makes one`,
    );
  }
  if (to && to <= oldest) {
    throw new InstantUnreachable(
      `the archive's oldest copy is of ${oldest.toISOString()}, younger than ${to.toISOString()}`,
    );
  }
}
