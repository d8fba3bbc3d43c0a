import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import { isArchive, readPacked } from "./archive.ts";
import { ExportUnreadable, fileOf, Manifest, manifestFile } from "./format.ts";

export interface ReadableExport {
  readonly manifest: Manifest;
  /** SHA-256 of the manifest, hex; it holds the files' checksums, so it stands for the whole export. */
  readonly fingerprint: string;
  /** The rows of one table, a batch in memory at a time, without line feeds. */
  lines(table: string): AsyncGenerator<string[]>;
}

/** Lines at a time, about. */
const batch = 500;

/**
 * Opens a folder or `.tar` made by `exportTenant`, checks all of it, and runs with it.
 *
 * @throws ExportUnreadable when a file is missing or altered, or the format or schema is newer than this code
 */
export async function withExport<T>(path: string, run: (source: ReadableExport) => Promise<T>): Promise<T> {
  const read: Read = isArchive(path)
    ? (file) => readPacked({ archive: path, file })
    : (file) => createReadStream(join(path, file));
  const text = await readAll(read(manifestFile)).catch((cause: Error) => {
    throw new ExportUnreadable(`no ${manifestFile} in ${path}`, { cause });
  });
  const manifest = parseManifest(text.toString("utf8"));
  for (const entry of manifest.tables) await checkFile({ read, entry });
  return run({
    manifest,
    fingerprint: createHash("sha256").update(text).digest("hex"),
    lines: (table) => readBatches(read(fileOf(table))),
  });
}

/** The bytes of one of its files. */
type Read = (file: string) => AsyncIterable<Buffer>;

async function readAll(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(bytes));
}

function parseManifest(text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ExportUnreadable(`${manifestFile} is not JSON`, { cause });
  }
  const parsed = Manifest.safeParse(json);
  if (!parsed.success) {
    throw new ExportUnreadable(`${manifestFile} is not of a format this code reads`, { cause: parsed.error });
  }
  const { schemaVersion } = parsed.data;
  if (schemaVersion > latestSchemaVersion()) {
    throw new ExportUnreadable(
      `the export has schema ${schemaVersion}, this code knows ${latestSchemaVersion()}: use newer code`,
    );
  }
  return parsed.data;
}

async function checkFile(input: { read: Read; entry: Manifest["tables"][number] }): Promise<void> {
  const file = fileOf(input.entry.table);
  const hash = createHash("sha256");
  let rows = 0;
  try {
    for await (const chunk of input.read(file)) {
      hash.update(chunk);
      for (const byte of chunk) if (byte === 0x0a) rows++;
    }
  } catch (cause) {
    throw new ExportUnreadable(`${file} cannot be read`, { cause });
  }
  if (rows !== input.entry.rows || hash.digest("hex") !== input.entry.sha256) {
    throw new ExportUnreadable(`${file} is not what the manifest says: it was altered or cut off`);
  }
}

/** Not by `readline`, which would also break at U+2028, legal inside JSON text. */
async function* readBatches(bytes: AsyncIterable<Buffer>): AsyncGenerator<string[]> {
  let lines: string[] = [];
  let rest = "";
  const decoder = new StringDecoder("utf8");
  for await (const chunk of bytes) {
    const parts = (rest + decoder.write(chunk)).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    if (lines.length < batch) continue;
    yield lines;
    lines = [];
  }
  if (lines.length > 0) yield lines;
}
