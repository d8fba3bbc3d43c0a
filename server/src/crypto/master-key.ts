import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { createKeyFile, statKeyFile } from "./key-file.ts";
import { CannotDecrypt, openSealed, seal } from "./seal.ts";

/**
 * The key over all tenants' data keys. It only ever wraps 32-byte keys, so a key management service
 * fits behind it; both verbs are asynchronous for that reason.
 */
export interface MasterKey {
  /** `context` is authenticated: unwrapping under another context fails. */
  wrap(input: { key: Uint8Array; context: readonly string[] }): Promise<Uint8Array>;
  /**
   * @throws CannotDecrypt when bytes, key or context are not what was wrapped; MasterKeyUnavailable when
   *   whoever holds the key does not answer
   */
  unwrap(input: { wrapped: Uint8Array; context: readonly string[] }): Promise<Uint8Array>;
}

/** A master key as operators see it: the newest key wraps, older ones still unwrap until they are retired. */
export interface MasterKeyRing extends MasterKey {
  /** Newest first. */
  keys(): Promise<readonly { readonly name: string; readonly madeAt: Date | null }[]>;
  /** Whether the newest key wrapped it. @throws as `unwrap` */
  isCurrent(input: { wrapped: Uint8Array; context: readonly string[] }): Promise<boolean>;
  /** Makes a newer key, unless an older one waits to be retired: a rotation that was stopped goes on with it. */
  renew(): Promise<void>;
  /**
   * Removes the keys of these names, and answers which of them there were. They come from `keys`, asked before
   * `isCurrent` of everything wrapped: what is newest by now may be newer, and the then newest needed.
   */
  retire(names: readonly string[]): Promise<readonly string[]>;
}

/** The key service is down, throttles, or refuses us. The message says which, and never a key. */
export class MasterKeyUnavailable extends Error {
  override readonly name: string = "MasterKeyUnavailable";
}

/** There is no key where one should be; the message says what to do. None is ever made by reading. */
export class MasterKeyMissing extends MasterKeyUnavailable {
  override readonly name = "MasterKeyMissing";
}

interface KeyFile {
  readonly path: string;
  readonly number: number;
  readonly key: Uint8Array;
  readonly madeAt: Date;
}

const keyBytes = 32;

/**
 * 32 random bytes in a file of mode 0600, made by `makeFileMasterKey` alone and never overwritten; one
 * that was put there may be readable by its group (a mounted Secret), and be a symbolic link. Newer keys stand beside it as `<path>.2`, `<path>.3` …; a process that meets bytes none of its keys wrapped looks for newer files, so
 * one that was started without any goes on when the file is put back.
 *
 * @throws Error when a file has another size or others may read it.
 */
export function fileMasterKey(path: string): MasterKeyRing {
  let ring = readRing(path);
  const newest = () => {
    ring = readRing(path);
    const [first] = ring;
    if (!first) throw missing(path);
    return first;
  };
  const open = (input: { wrapped: Uint8Array; context: readonly string[] }) => {
    const known = openWithAny(ring, input);
    if (known) return known;
    ring = readRing(path);
    if (ring.length === 0) throw missing(path);
    const opened = openWithAny(ring, input);
    if (opened) return opened;
    const advice = "put back the file that was there when the tenant was made";
    throw new CannotDecrypt(`${path} is not the master key of ${input.context.join(" / ")}: ${advice}`);
  };

  return {
    async wrap({ key, context }) {
      return seal({ key: newest().key, plaintext: key, context: ["master", ...context] });
    },
    unwrap: async (input) => open(input).key,
    keys: async () => readRing(path).map(({ path: name, madeAt }) => ({ name, madeAt })),
    async isCurrent(input) {
      const { number } = newest();
      return open(input).number === number;
    },
    async renew() {
      const { number } = newest();
      if (ring.length === 1) create(`${path}.${number + 1}`);
    },
    async retire(names) {
      const removed = readRing(path).filter((file) => names.includes(file.path));
      for (const file of removed) remove(file.path);
      return removed.map((file) => file.path);
    },
  };
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(`${path} cannot be removed (${code}): nothing needs it any more, take it away there`, {
      cause,
    });
  }
}

/** Whether there is a key file, or a newer one beside it. */
export const hasFileMasterKey = (path: string): boolean => keyNumbers(path).length > 0;

/**
 * The first key of a platform. Only for one that has sealed nothing yet: whoever calls it knows.
 *
 * @throws Error when there is a key already
 */
export function makeFileMasterKey(path: string): void {
  if (hasFileMasterKey(path)) throw new Error(`there is a master key at ${path} already`);
  create(path);
}

const missing = (path: string) =>
  new MasterKeyMissing(
    `there is no master key at ${path}: put back the file; of a new platform clarity master-key init makes it`,
  );

/** AES-GCM authenticates: a key that opens the bytes is the one that wrapped them. */
function openWithAny(ring: readonly KeyFile[], input: { wrapped: Uint8Array; context: readonly string[] }) {
  const context = ["master", ...input.context];
  for (const { key, number } of ring) {
    try {
      return { key: openSealed({ key, sealed: input.wrapped, context }), number };
    } catch (error) {
      if (!(error instanceof CannotDecrypt)) throw error;
    }
  }
  return null;
}

function readRing(path: string): KeyFile[] {
  return keyNumbers(path)
    .sort((a, b) => b - a)
    .flatMap((number) => readKey(number === 1 ? path : `${path}.${number}`, number) ?? []);
}

function keyNumbers(path: string): number[] {
  const name = basename(path);
  const folder = statSync(dirname(path), { throwIfNoEntry: false });
  if (!folder) return [];
  return readdirSync(dirname(path)).flatMap((file) => {
    if (file === name) return 1;
    const number = file.startsWith(`${name}.`) ? file.slice(name.length + 1) : "";
    return /^[1-9]\d{0,5}$/.test(number) && number !== "1" ? Number(number) : [];
  });
}

/** null: retired by another process since the folder was listed. */
function readKey(path: string, number: number): KeyFile | null {
  const file = statKeyFile(path, "the master key");
  if (!file) return null;
  const key = readFileSync(path);
  if (key.length !== keyBytes) throw new Error(`the master key ${path} is not ${keyBytes} bytes long`);
  return { path, number, key, madeAt: file.madeAt };
}

const create = (path: string): void =>
  createKeyFile({ path, key: randomBytes(keyBytes), what: `${keyBytes} random bytes` });
