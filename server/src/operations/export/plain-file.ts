import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { ExportUnreadable } from "./format.ts";

/**
 * A file's bytes and nothing else's: no link's, which may lead to another's file, no device's or pipe's, which may
 * never end.
 *
 * @throws ExportUnreadable; what the system says when it is not there
 */
export async function openPlainFile(path: string): Promise<FileHandle> {
  // Without O_NONBLOCK a pipe that nobody writes to is waited for.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ELOOP" || error.code === "ENXIO") throw notPlain(path, error);
    throw error;
  });
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw notPlain(path);
}

const notPlain = (path: string, cause?: Error) =>
  new ExportUnreadable(`${path} is no plain file`, cause && { cause });
