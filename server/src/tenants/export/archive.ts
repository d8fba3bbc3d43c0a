import { execFile } from "node:child_process";
import { chmod } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

export const isArchive = (path: string): boolean => path.endsWith(".tar");

/** All files of a folder in one, with the system's `tar`; readable by its owner only. */
export async function pack(input: {
  folder: string;
  files: readonly string[];
  archive: string;
}): Promise<void> {
  await run("tar", ["-cf", input.archive, "-C", input.folder, ...input.files]);
  await chmod(input.archive, 0o600);
}

export async function unpack(input: { archive: string; folder: string }): Promise<void> {
  await run("tar", ["-xf", input.archive, "-C", input.folder]);
}
