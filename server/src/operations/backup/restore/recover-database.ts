import { join } from "node:path";
import { connect, type Sql } from "../../../database/connect.ts";
import { names } from "../../names.ts";
import { administratorUrl } from "../../servers/database-servers.ts";
import { type Contents, contentsSession, readContents } from "../contents.ts";
import { findPrograms } from "../programs/find-programs.ts";
import { startProgram } from "../programs/run-program.ts";
import type { BackupSettings } from "../settings.ts";
import {
  asOwnerAt,
  asServerAdministrator,
  type DatabasePlace,
  loadDatabase,
  requireContents,
} from "./load-database.ts";
import { type RecoveredCluster, recoverCluster, type ServerFacts } from "./recover-cluster.ts";
import { stanzaOf } from "./require-archive.ts";

/**
 * Brings one database of a server, as it was at an instant, into a new database beside it: the server's files are
 * recovered into a scratch folder, that one database is copied out and compared, the rest is thrown away. The
 * server itself is served from meanwhile and not touched.
 *
 * @param from the database as it is called on the server
 * @param into the new database
 * @param to null: as far as the archive goes
 * @param folder for the scratch files; what is left there by a killed run is removed first
 * @throws InstantUnreachable, ProgramsMissing, RestoredDiffers
 */
export async function recoverDatabase(input: {
  settings: BackupSettings;
  from: string;
  into: DatabasePlace;
  to: Date | null;
  folder: string;
  onStep: (step: string) => void | Promise<void>;
}): Promise<Contents> {
  const { settings, from, into, to, folder, onStep } = input;
  const server = await asServerAdministrator(into, describe);
  await onStep("recover");
  const stanza = stanzaOf(settings, into.server);
  const cluster = await recoverCluster({ settings, stanza, server, database: from, to, folder });
  try {
    await onStep("load");
    await copyOut({ settings, server, cluster, from, into });
    await onStep("verify");
    const contents = await contentsOf({ cluster, from, into });
    await requireContents(into, contents);
    return contents;
  } finally {
    await cluster.close();
  }
}

const describe = async (sql: Sql): Promise<ServerFacts> => {
  const [row] = await sql<ServerFacts[]>`
    select current_setting('server_version_num')::int / 10000 as major,
      current_setting('max_prepared_transactions')::int as "maxPreparedTransactions"`;
  if (!row) throw new Error("unreachable: one row");
  return row;
};

interface Recovered {
  cluster: RecoveredCluster;
  from: string;
  into: DatabasePlace;
}

async function copyOut(input: Recovered & { settings: BackupSettings; server: ServerFacts }): Promise<void> {
  const { settings, server, cluster, from, into } = input;
  const dump = startProgram({
    program: join(findPrograms({ major: server.major, pgBin: settings.pgBin }).folder, "pg_dump"),
    target: {
      host: cluster.socketFolder,
      port: "5432",
      user: await administratorName(into),
      database: from,
      password: null,
      tls: {},
    },
    args: ["--format=custom", "--compress=0", `--role=${names.owner(into.ctx.address.namespace)}`, from],
  });
  dump.stdin.end();
  try {
    await loadDatabase({ place: into, settings, source: dump.stdout, complete: dump.ended });
  } finally {
    dump.kill();
  }
}

async function contentsOf({ cluster, from, into }: Recovered): Promise<Contents> {
  const url = `postgres://${encodeURIComponent(await administratorName(into))}@localhost/${from}`;
  const { socketFolder } = cluster;
  const sql = connect({ url, max: 1, socketFolder, session: contentsSession });
  return asOwnerAt({ sql, ctx: into.ctx }, readContents);
}

/** He is in the copy too. */
const administratorName = async (place: DatabasePlace): Promise<string> =>
  decodeURIComponent(new URL(await administratorUrl(place)).username);
