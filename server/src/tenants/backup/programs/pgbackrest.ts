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

export interface ArchiveInfo {
  /** The earliest instant it can go back to, and the last copy of all files. null: there is no copy yet. */
  readonly oldestCopyAt: Date | null;
  readonly newestCopyAt: Date | null;
}

/** What a stanza's repository holds. @throws Error with what pgBackRest says */
export async function readArchiveInfo(input: {
  configFile: string;
  stanza: string;
  user: ServerUser;
}): Promise<ArchiveInfo> {
  const text = await runProgram({
    program,
    args: [
      "info",
      "--output=json",
      `--config=${input.configFile}`,
      `--stanza=${input.stanza}`,
      "--log-level-console=off",
      "--log-level-stderr=warn",
    ],
    user: input.user,
  });
  // https://pgbackrest.org/command.html#command-info
  const [stanza] = JSON.parse(text) as {
    status: { code: number; message: string };
    backup: { timestamp: { stop: number } }[];
  }[];
  if (!stanza || (stanza.status.code !== 0 && stanza.status.code !== 2)) {
    throw new Error(
      `pgBackRest knows no usable stanza ${input.stanza}: ${stanza?.status.message ?? "missing"}`,
    );
  }
  const stops = stanza.backup.map(({ timestamp }) => new Date(timestamp.stop * 1_000));
  return { oldestCopyAt: stops[0] ?? null, newestCopyAt: stops.at(-1) ?? null };
}
