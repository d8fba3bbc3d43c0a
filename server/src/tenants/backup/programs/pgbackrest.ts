import type { ServerUser } from "../../../database/embedded/server-user.ts";
import { runProgram } from "./run-program.ts";

/** pgBackRest (https://pgbackrest.org), which archives a server's WAL and copies its files. */
const program = "pgbackrest";

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
      "--log-level-file=off",
      "--log-level-console=off",
      "--log-level-stderr=warn",
      ...(include === null ? [] : [`--db-include=${include}`]),
    ],
    user,
  });
}
