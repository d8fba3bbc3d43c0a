import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { identify, isAlive, type ProcessId } from "./processes.ts";

interface Recorded {
  launcher: ProcessId;
  children: ProcessId[];
}

const fileIn = (dataDir: string) => join(dataDir, "processes.json");

/** Who runs on this data folder now, for the start after a kill. */
export function recordProcesses(dataDir: string, children: number[]): void {
  const launcher = identify(process.pid);
  if (!launcher) return;
  const known = children.map(identify).filter((id) => id !== null);
  const draft = `${fileIn(dataDir)}.draft`;
  writeFileSync(draft, JSON.stringify({ launcher, children: known } satisfies Recorded), { mode: 0o600 });
  renameSync(draft, fileIn(dataDir));
}

/**
 * Ends what a killed launcher left behind. Only processes recorded by it, and only if they are still
 * the same ones.
 * @throws Error when that launcher is alive: one demo a data folder.
 */
export async function endLeftovers(dataDir: string): Promise<void> {
  if (!existsSync(fileIn(dataDir))) return;
  let recorded: Recorded;
  try {
    recorded = JSON.parse(readFileSync(fileIn(dataDir), "utf8"));
  } catch {
    // Written by a rename, so whole or absent; a damaged one names nobody.
    return;
  }
  if (isAlive(recorded.launcher)) {
    throw new Error(
      `the demo already runs on ${dataDir} (process ${recorded.launcher.pid}): stop it first, or choose another folder with CLARITY_DATA_DIR`,
    );
  }
  for (const child of recorded.children.filter(isAlive)) process.kill(child.pid, "SIGKILL");
  while (recorded.children.some(isAlive)) await delay(20);
}
