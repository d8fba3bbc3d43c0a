import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { latestSchemaVersion } from "../schema.ts";
import { isArchive, unpack } from "./archive.ts";
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
  if (!isArchive(path)) return run(await openFolder(path));
  const folder = await mkdtemp(join(tmpdir(), "pay-import-"));
  try {
    await unpack({ archive: path, folder });
    return await run(await openFolder(folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function openFolder(folder: string): Promise<ReadableExport> {
  const text = await readFile(join(folder, manifestFile)).catch((cause: Error) => {
    throw new ExportUnreadable(`no ${manifestFile} in ${folder}`, { cause });
  });
  const manifest = parseManifest(text.toString("utf8"));
  for (const entry of manifest.tables) await checkFile({ folder, entry });
  return {
    manifest,
    fingerprint: createHash("sha256").update(text).digest("hex"),
    lines: (table) => readBatches(join(folder, fileOf(table))),
  };
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

async function checkFile(input: { folder: string; entry: Manifest["tables"][number] }): Promise<void> {
  const file = fileOf(input.entry.table);
  const hash = createHash("sha256");
  let rows = 0;
  try {
    for await (const chunk of createReadStream(join(input.folder, file)) as AsyncIterable<Buffer>) {
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
async function* readBatches(file: string): AsyncGenerator<string[]> {
  let lines: string[] = [];
  let rest = "";
  const chunks: AsyncIterable<string> = createReadStream(file, { encoding: "utf8" });
  for await (const chunk of chunks) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    if (lines.length < batch) continue;
    yield lines;
    lines = [];
  }
  if (lines.length > 0) yield lines;
}
