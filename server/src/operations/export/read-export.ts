import { createHash } from "node:crypto";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import { indexArchive, isArchive, readPacked } from "./archive.ts";
import {
  ExportUnreadable,
  fileOf,
  longestManifest,
  longestSignature,
  Manifest,
  manifestFile,
  signatureFile,
} from "./format.ts";
import { openPlainFile } from "./plain-file.ts";

export interface ReadableExport {
  readonly manifest: Manifest;
  /** SHA-256 of the manifest, hex; it holds the files' checksums, so it stands for the whole export. */
  readonly fingerprint: string;
  /** JWS over the fingerprint, not looked at yet; null: there is none. */
  readonly signature: string | null;
  /** The rows of one table, a batch in memory at a time, without line feeds. */
  lines(table: string): AsyncGenerator<string[]>;
}

/** Lines at a time, about, and characters of them. */
const batch = { lines: 500, characters: 4_000_000 };
/** Characters: far more than any row of ours has. */
const longestLine = 16_000_000;

/**
 * Opens a folder or `.tar` made by `exportTenant`, checks all of it, and runs with it. That it is whole says nothing of
 * who made it: `requireTrusted` does.
 *
 * @throws ExportUnreadable when a file is missing, altered or none that an export has, or the format or schema is newer
 * than this code
 */
export async function withExport<T>(path: string, run: (source: ReadableExport) => Promise<T>): Promise<T> {
  const files = await openFiles(path);
  const text = await readAll(files, manifestFile, longestManifest);
  if (text === null) throw new ExportUnreadable(`no ${manifestFile} in ${path}`);
  const manifest = parseManifest(text.toString("utf8"));
  const known = [manifestFile, signatureFile, ...manifest.tables.map(({ table }) => fileOf(table))];
  const stray = files.names?.find((name) => !known.includes(name));
  if (stray !== undefined)
    throw new ExportUnreadable(`${path} holds ${stray}, which its manifest does not name`);
  for (const entry of manifest.tables) await checkFile({ files, entry });
  const signature = await readAll(files, signatureFile, longestSignature);
  return run({
    manifest,
    fingerprint: createHash("sha256").update(text).digest("hex"),
    signature: signature?.toString("latin1").trim() ?? null,
    lines: (table) => readBatches(files.read(fileOf(table)), fileOf(table)),
  });
}

/** An export's files, wherever they are. */
interface Files {
  /** All there are; null: a folder, where other files are nobody's business. */
  readonly names: readonly string[] | null;
  /** The bytes of one. */
  read(file: string): AsyncIterable<Buffer>;
}

async function openFiles(path: string): Promise<Files> {
  if (!isArchive(path)) return { names: null, read: (file) => readFrom(join(path, file)) };
  const extents = await indexArchive(path).catch((error: NodeJS.ErrnoException) => {
    if (error instanceof ExportUnreadable) throw error;
    throw new ExportUnreadable(`${path} cannot be read: ${error.code ?? error.message}`, { cause: error });
  });
  return {
    names: [...extents.keys()],
    read(file) {
      const extent = extents.get(file);
      if (!extent) throw new NotThere(file);
      return readPacked(path, extent);
    },
  };
}

class NotThere extends Error {
  readonly code = "ENOENT";
}

async function* readFrom(path: string): AsyncGenerator<Buffer> {
  const file = await openPlainFile(path);
  yield* file.createReadStream();
}

/** @returns null: there is no such file */
async function readAll(files: Files, name: string, most: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of files.read(name)) {
      size += chunk.length;
      if (size > most) throw new ExportUnreadable(`${name} is longer than ${most} bytes`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return null;
    if (cause instanceof ExportUnreadable) throw cause;
    throw new ExportUnreadable(`${name} cannot be read`, { cause });
  }
  return Buffer.concat(chunks);
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

async function checkFile(input: { files: Files; entry: Manifest["tables"][number] }): Promise<void> {
  const file = fileOf(input.entry.table);
  const hash = createHash("sha256");
  let rows = 0;
  try {
    for await (const chunk of input.files.read(file)) {
      hash.update(chunk);
      for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, at + 1)) rows++;
    }
  } catch (cause) {
    if (cause instanceof ExportUnreadable) throw cause;
    throw new ExportUnreadable(`${file} cannot be read`, { cause });
  }
  if (rows !== input.entry.rows || hash.digest("hex") !== input.entry.sha256) {
    throw new ExportUnreadable(`${file} is not what the manifest says: it was altered or cut off`);
  }
}

/** Not by `readline`, which would also break at U+2028, legal inside JSON text. */
async function* readBatches(bytes: AsyncIterable<Buffer>, file: string): AsyncGenerator<string[]> {
  let lines: string[] = [];
  let characters = 0;
  let rest = "";
  const decoder = new StringDecoder("utf8");
  for await (const chunk of bytes) {
    const parts = (rest + decoder.write(chunk)).split("\n");
    rest = parts.pop() ?? "";
    if (rest.length > longestLine)
      throw new ExportUnreadable(`${file} has a line of more than ${longestLine} characters`);
    for (const line of parts) {
      lines.push(line);
      characters += line.length;
    }
    if (lines.length < batch.lines && characters < batch.characters) continue;
    yield lines;
    [lines, characters] = [[], 0];
  }
  if (lines.length > 0) yield lines;
}
