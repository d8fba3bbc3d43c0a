import { z } from "zod";
import type { ServerUser } from "../../../database/embedded/server-user.ts";
import type { BackupSettings } from "../settings.ts";
import { runProgram } from "./run-program.ts";

/** pgBackRest (https://pgbackrest.org), which archives a server's WAL and copies its files. */
const program = "pgbackrest";

const quiet = ["--log-level-file=off", "--log-level-console=off", "--log-level-stderr=warn"];

/** As it writes and reads them: to the millisecond, UTC. */
const formatInstant = (at: Date): string => at.toISOString().replace("T", " ").replace("Z", "+00");

/**
 * Copies a server's files, as they were some time before the instant, into an empty folder, with all that
 * PostgreSQL needs to replay the WAL from there up to it.
 *
 * @param to null: as far as the archive goes
 * @param include the one database that is wanted; the others' files have their size and no content. null: all of them
 * @param folder its lock and moved tablespaces
 */
export async function restoreFiles(input: {
  configFile: string;
  stanza: string;
  cluster: string;
  folder: string;
  include: string | null;
  to: Date | null;
  user: ServerUser;
}): Promise<void> {
  const { configFile, stanza, cluster, folder, include, to, user } = input;
  await runProgram({
    program,
    args: [
      "restore",
      `--config=${configFile}`,
      `--stanza=${stanza}`,
      `--pg1-path=${cluster}`,
      ...(to === null
        ? ["--type=default"]
        : ["--type=time", `--target=${formatInstant(to)}`, "--target-action=promote"]),
      // What is taken out of the archive must write nothing into it.
      "--archive-mode=off",
      `--tablespace-map-all=${folder}/tablespaces`,
      `--lock-path=${folder}/lock`,
      ...quiet,
      ...(include === null ? [] : [`--db-include=${include}`]),
    ],
    user,
  });
}

/** What the repository holds of one stanza. */
export interface Repository {
  /** When each copy of the server's files was complete, to the second; the oldest first. */
  readonly copies: readonly Date[];
  /** `ok`, or what pgBackRest finds wrong. */
  readonly status: string;
}

/** https://pgbackrest.org/command.html#command-info */
const Info = z.tuple([
  z.object({
    status: z.object({ message: z.string() }),
    // Beyond what a number holds exactly, and near enough.
    db: z.array(z.object({ id: z.number(), "system-id": z.number() })),
    backup: z.array(
      z.object({ database: z.object({ id: z.number() }), timestamp: z.object({ stop: z.number() }) }),
    ),
  }),
]);

/**
 * Reads what there is of a server's files. A stanza that nobody made is empty.
 *
 * @param systemId the server's, digits: a stanza may hold copies of another server too, or of that one alone
 * @throws Error with what pgBackRest says, when it is not here or cannot read its configuration
 */
export async function readRepository(input: {
  settings: BackupSettings;
  stanza: string;
  systemId: string;
}): Promise<Repository> {
  const { configFile } = input.settings.pgBackRest;
  const args = ["info", `--config=${configFile}`, `--stanza=${input.stanza}`, "--output=json", ...quiet];
  const text = await runProgram({ program, args }).catch((cause) => {
    const { message } = cause as Error;
    throw new Error(`${message} (its configuration, CLARITY_PGBACKREST_CONFIG: ${configFile})`, { cause });
  });
  const [{ status, db, backup }] = Info.parse(JSON.parse(text));
  const ours = new Set(db.filter((d) => d["system-id"] === Number(input.systemId)).map(({ id }) => id));
  const stops = backup.filter(({ database }) => ours.has(database.id)).map(({ timestamp }) => timestamp.stop);
  const strange = db.length > 0 && ours.size === 0;
  return {
    copies: stops.sort((a, b) => a - b).map((stop) => new Date(stop * 1_000)),
    status: strange ? "it is another server's" : status.message,
  };
}
