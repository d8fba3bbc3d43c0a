import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { ExportUnreadable, isExportFile } from "./format.ts";
import { openPlainFile } from "./plain-file.ts";

export const isArchive = (path: string): boolean => path.endsWith(".tar");

/** POSIX.1-1988 ustar: headers and contents in blocks of this many bytes, at the end two of zeros. */
const block = 512;
/** An export has a file a table and a few more. */
const mostFiles = 1_000;
/** More than eleven octal digits, in base 256 as GNU tar writes it. */
const largestOctal = 8 ** 11 - 1;

/** Where one file's bytes are in an archive. */
export interface Extent {
  readonly offset: number;
  readonly size: number;
}

/** All files of a folder in one; readable by its owner only. */
export async function pack(input: {
  folder: string;
  files: readonly string[];
  archive: string;
}): Promise<void> {
  const archive = await open(input.archive, "wx", 0o600);
  try {
    for (const name of input.files) await append({ archive, name, file: join(input.folder, name) });
    await archive.write(Buffer.alloc(2 * block));
    await archive.sync();
  } finally {
    await archive.close();
  }
}

async function append({ archive, name, file }: { archive: FileHandle; name: string; file: string }) {
  const source = await openPlainFile(file);
  try {
    const { size } = await source.stat();
    await archive.write(headerOf(name, size));
    let written = 0;
    for await (const chunk of source.createReadStream({ autoClose: false })) {
      await archive.write(chunk);
      written += chunk.length;
    }
    if (written !== size) throw new Error(`${file} changed while it was packed`);
    await archive.write(Buffer.alloc(padding(size)));
  } finally {
    await source.close();
  }
}

const padding = (size: number) => (block - (size % block)) % block;

function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(block);
  header.write(name, 0, 100, "ascii");
  for (const [at, value] of [
    [100, "0000600\0"],
    [108, "0000000\0"],
    [116, "0000000\0"],
    [136, "00000000000\0"],
    [156, "0"],
    [257, "ustar\x0000"],
  ] as const) {
    header.write(value, at, "latin1");
  }
  if (size <= largestOctal) header.write(`${size.toString(8).padStart(11, "0")}\0`, 124, "ascii");
  else {
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(size), 128);
  }
  header.write(`${checksumOf(header).toString(8).padStart(6, "0")}\0 `, 148, "ascii");
  return header;
}

/** Of the header's bytes, its own field counted as blanks. */
function checksumOf(header: Buffer): number {
  let sum = 8 * 0x20;
  for (const [at, byte] of header.entries()) if (at < 148 || at >= 156) sum += byte;
  return sum;
}

/**
 * Where each file of an archive is. Takes what an export is made of and nothing else: plain files of an export's own
 * names, each once, each whole within the archive, which ends where it says. Nothing is unpacked.
 *
 * @throws ExportUnreadable
 */
export async function indexArchive(path: string): Promise<ReadonlyMap<string, Extent>> {
  const archive = await openPlainFile(path);
  try {
    const { size: end } = await archive.stat();
    const extents = new Map<string, Extent>();
    for (let at = 0; ; ) {
      const header = await readBlock({ archive, at, end, path });
      if (header.every((byte) => byte === 0)) return extents;
      const { name, size } = readHeader(header, path);
      if (extents.has(name)) throw new ExportUnreadable(`${path} holds ${name} twice`);
      if (extents.size >= mostFiles) throw new ExportUnreadable(`${path} holds more than ${mostFiles} files`);
      const offset = at + block;
      if (size > end - offset) throw new ExportUnreadable(`${path} is cut off within ${name}`);
      extents.set(name, { offset, size });
      at = offset + size + padding(size);
    }
  } finally {
    await archive.close();
  }
}

async function readBlock(input: {
  archive: FileHandle;
  at: number;
  end: number;
  path: string;
}): Promise<Buffer> {
  const { archive, at, end, path } = input;
  // Its end is said by blocks of zeros: without them more was there.
  if (at + block > end) throw new ExportUnreadable(`${path} is cut off: it has no end`);
  const { buffer, bytesRead } = await archive.read(Buffer.alloc(block), 0, block, at);
  if (bytesRead !== block) throw new ExportUnreadable(`${path} is cut off`);
  return buffer;
}

function readHeader(header: Buffer, path: string): { name: string; size: number } {
  const checksum = octal(header.subarray(148, 156));
  if (checksum !== checksumOf(header)) throw new ExportUnreadable(`${path} is no archive of an export`);
  const [raw] = header.subarray(0, 100).toString("latin1").split("\0", 1);
  const name = raw ?? "";
  // Links, devices, folders, long names and attributes of other programs: an export has none.
  const type = header[156];
  const prefixed = header.subarray(257, 262).toString("latin1") === "ustar" && header[345] !== 0;
  if ((type !== 0x30 && type !== 0) || prefixed || !isExportFile(name)) {
    throw new ExportUnreadable(`${path} holds what no export holds: ${JSON.stringify(name)}`);
  }
  const size = sizeOf(header.subarray(124, 136));
  if (size === null) throw new ExportUnreadable(`${path} says no size of ${name}`);
  return { name, size };
}

/** null: none that a file may have. */
function sizeOf(field: Buffer): number | null {
  if (field[0] !== 0x80) return octal(field);
  const large = field.subarray(1, 4).every((byte) => byte === 0) ? field.readBigUInt64BE(4) : null;
  return large !== null && large <= BigInt(Number.MAX_SAFE_INTEGER - 2 * block) ? Number(large) : null;
}

function octal(field: Buffer): number | null {
  const digits = /^ *([0-7]{1,12})[ \0]*$/.exec(field.toString("latin1"))?.[1];
  return digits === undefined ? null : Number.parseInt(digits, 8);
}

/** The bytes of one of its files, never on disk: a kill would leave personal data lying about. */
export function readPacked(archive: string, { offset, size }: Extent): AsyncIterable<Buffer> {
  // The end is inclusive.
  return size === 0 ? nothing() : createReadStream(archive, { start: offset, end: offset + size - 1 });
}

async function* nothing(): AsyncGenerator<Buffer> {}
