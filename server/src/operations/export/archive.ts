import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
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

/** One file out of it, never on disk: a kill would leave personal data lying about. */
export async function* readPacked(input: { archive: string; file: string }): AsyncGenerator<Buffer> {
  const { archive, file } = input;
  const tar = spawn("tar", ["-xOf", archive, file], { stdio: ["ignore", "pipe", "ignore"] });
  const closed = once(tar, "close");
  // Awaited below, unless the reader has had enough.
  closed.catch(() => {});
  try {
    yield* tar.stdout;
    const [code] = await closed;
    if (code !== 0) throw new Error(`tar finds no ${file} in ${archive}`);
  } finally {
    tar.kill();
  }
}
