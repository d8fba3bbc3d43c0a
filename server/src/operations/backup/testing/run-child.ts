import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { BackupChildInput } from "./backup-child.ts";

/** Runs a verb in a process of its own. @returns its exit code, or the signal that ended it */
export async function runChild(input: BackupChildInput): Promise<NodeJS.Signals | number> {
  const script = fileURLToPath(new URL("./backup-child.ts", import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(input)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code, signal] = await once(child, "exit");
  return signal ?? code;
}
