import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process, told apart from a later one that was given the same number. */
export interface ProcessId {
  pid: number;
  startedAt: string;
}

/** null: no such process. */
export function identify(pid: number): ProcessId | null {
  const startedAt = process.platform === "linux" ? (statOf(pid)[19] ?? "") : ps(pid, "lstart=");
  return startedAt ? { pid, startedAt } : null;
}

export const isAlive = (id: ProcessId): boolean => identify(id.pid)?.startedAt === id.startedAt;

/** 0: none, or not to be known. */
export const parentOf = (pid: number): number =>
  Number(process.platform === "linux" ? statOf(pid)[1] : ps(pid, "ppid=")) || 0;

/** Arguments joined by spaces; "" when the process is gone. */
export function commandLine(pid: number): string {
  if (process.platform !== "linux") return ps(pid, "command=");
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** Fields of proc(5) stat after the command's name, which may hold spaces; none for a zombie. */
function statOf(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? [] : fields;
  } catch {
    return [];
  }
}

const ps = (pid: number, column: string): string =>
  spawnSync("ps", ["-o", column, "-p", String(pid)], { encoding: "utf8" }).stdout?.trim() ?? "";
