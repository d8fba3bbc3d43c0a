import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A process, told apart from a later one that was given the same number. */
export interface ProcessId {
  readonly pid: number;
  readonly startedAt: string;
}

/** null: no such process. */
export function identify(pid: number): ProcessId | null {
  const startedAt = process.platform === "linux" ? linuxStartTime(pid) : ps(pid, "lstart=");
  return startedAt ? { pid, startedAt } : null;
}

export const isAlive = (id: ProcessId): boolean => identify(id.pid)?.startedAt === id.startedAt;

/** The command line, arguments joined by spaces; "" when the process is gone. */
export function commandLine(pid: number): string {
  if (process.platform !== "linux") return ps(pid, "command=");
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** True when the process ended within the time. */
export async function waitUntilGone(id: ProcessId, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isAlive(id)) {
    if (Date.now() > deadline) return false;
    await delay(20);
  }
  return true;
}

/** Clock ticks since boot, field 22 of proc(5) stat; a zombie counts as gone. */
function linuxStartTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command name stands in brackets and may hold spaces; fields are counted after it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "" : (fields[19] ?? "");
  } catch {
    return "";
  }
}

function ps(pid: number, column: string): string {
  return spawnSync("ps", ["-o", column, "-p", String(pid)], { encoding: "utf8" }).stdout?.trim() ?? "";
}
