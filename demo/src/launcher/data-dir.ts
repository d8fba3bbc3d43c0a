import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";

/** The data folder and what children write into. @throws Error in words when we may not. */
export function openDataDir(dataDir: string): { logDir: string; keyDir: string } {
  const logDir = join(dataDir, "logs");
  const keyDir = join(dataDir, "keys");
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o755 });
    mkdirSync(logDir, { recursive: true });
    mkdirSync(keyDir, { recursive: true, mode: 0o700 });
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
