import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { closeFolder } from "@clarity/server/embedded-postgres";

/**
 * The data folder and what children write into, for the owner's eyes only: those of folders made open by earlier
 * releases too.
 *
 * @throws Error in words when we may not.
 */
export function openDataDir(dataDir: string): { logDir: string; keyDir: string } {
  const logDir = join(dataDir, "logs");
  const keyDir = join(dataDir, "keys");
  try {
    for (const dir of [dataDir, logDir, keyDir]) mkdirSync(dir, { recursive: true, mode: 0o700 });
    closeFolder(dataDir, join(dataDir, "postgres"));
    for (const dir of [logDir, keyDir]) closeFolder(dir);
    for (const dir of [dataDir, logDir, keyDir]) {
      accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    }
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(
      `the data folder ${dataDir} is of no use (${message}): name another in CLARITY_DATA_DIR`,
      {
        cause,
      },
    );
  }
  return { logDir, keyDir };
}
