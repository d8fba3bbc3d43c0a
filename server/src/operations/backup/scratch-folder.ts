import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identify, isAlive } from "../../database/embedded/processes.ts";

/** Beginning of a scratch folder's name, which ends with eight digits of the id of what it is of. */
const prefixes = { drill: "pay-drill-", restore: "pay-restore-" } as const;
export type ScratchUse = keyof typeof prefixes;

/** @param id the tenant's for a drill, the restore's own: the same for every run of it */
export const scratchFolderName = (use: ScratchUse, id: string): string => `${prefixes[use]}${id.slice(0, 8)}`;

export const isScratchFolder = (name: string): boolean => /^pay-(drill|restore)-[0-9a-f]{8}$/.test(name);

const ownerFile = (folder: string) => join(folder, "owner");

/** Says in the folder that this process works with it. */
export const claimFolder = (folder: string): void =>
  writeFileSync(ownerFile(folder), JSON.stringify(identify(process.pid)), { mode: 0o600 });

/** Whether a process of this machine works with it. One that did not say so is told by its tenant's lock alone. */
export function isClaimed(folder: string): boolean {
  try {
    return isAlive(JSON.parse(readFileSync(ownerFile(folder), "utf8")));
  } catch {
    return false;
  }
}
