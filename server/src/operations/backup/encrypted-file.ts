import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Decrypter, Encrypter, identityToRecipient } from "age-encryption";

/** The file is not what was written: other bytes, or encrypted for somebody else. */
export class BackupDamaged extends Error {
  override readonly name = "BackupDamaged";
}

/**
 * Encrypts a stream (age v1, https://age-encryption.org/v1) into a file of mode 0600. It has its name only when
 * all of it is on disk.
 *
 * @param complete settles when the source has ended well; until then nothing is given its name
 * @returns size and SHA-256 (hex) of the encrypted file
 */
export async function writeEncrypted(input: {
  file: string;
  source: Readable;
  complete: Promise<void>;
  identity: string;
}): Promise<{ bytes: number; sha256: string }> {
  const { file, source, complete, identity } = input;
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity));
  const encrypted = await encrypter.encrypt(Readable.toWeb(source) as ReadableStream<Uint8Array>);
  const unfinished = `${file}.unfinished`;
  const meter = createMeter();
  try {
    const sink = createWriteStream(unfinished, { mode: 0o600 });
    await pipeline(Readable.fromWeb(encrypted as never), meter.stream, sink);
    await complete;
    await flush(unfinished);
    await rename(unfinished, file);
    await flush(folder);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return meter.result();
}

/** Decrypts while reading; a changed byte ends the stream with an error. @throws BackupDamaged */
export async function readEncrypted(input: { file: string; identity: string }): Promise<Readable> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(input.identity);
  const source = Readable.toWeb(createReadStream(input.file)) as ReadableStream<Uint8Array>;
  try {
    return Readable.fromWeb((await decrypter.decrypt(source)) as never);
  } catch (cause) {
    throw new BackupDamaged(`${input.file} cannot be decrypted with this tenant's key`, { cause });
  }
}

/** SHA-256 (hex) of a file as it lies there. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

function createMeter() {
  const hash = createHash("sha256");
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Uint8Array, _, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, result: () => ({ bytes, sha256: hash.digest("hex") }) };
}

/** A file's bytes, or a folder's names, are on disk. */
async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
