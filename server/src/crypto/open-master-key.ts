import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { awsKmsMasterKey } from "./aws-kms-master-key.ts";
import {
  fileMasterKey,
  hasFileMasterKey,
  type MasterKey,
  MasterKeyMissing,
  type MasterKeyRing,
  MasterKeyUnavailable,
} from "./master-key.ts";
import { CannotDecrypt } from "./seal.ts";

/** Where the master key is. */
export interface MasterKeyPlace {
  /** `file:<path>` or `aws-kms:<key ARN or alias>`; default: `masterKeyFile`. */
  readonly masterKey?: string | undefined;
  /**
   * The file provider's key; the key that signs certificates of deletion lies beside it. With a key service it
   * unwraps what it wrapped before, until it is retired.
   */
  readonly masterKeyFile?: string | undefined;
}

/** @throws Error for a place that says nothing, or two things */
export function openMasterKey(place: MasterKeyPlace): MasterKeyRing {
  const ring = openRing(place);
  return { ...ring, ...rememberUnwrapped(ring) };
}

/** The file named by a place, wherever it says so; undefined: none. */
export function masterKeyFileOf({ masterKey, masterKeyFile }: MasterKeyPlace): string | undefined {
  const named = masterKey?.startsWith("file:") ? masterKey.slice("file:".length) : undefined;
  if (named !== undefined && masterKeyFile !== undefined && named !== masterKeyFile) {
    throw new Error(`two master keys, ${named} and ${masterKeyFile}: name one`);
  }
  return named ?? masterKeyFile;
}

function openRing(place: MasterKeyPlace): MasterKeyRing {
  const { masterKey } = place;
  const file = masterKeyFileOf(place);
  if (masterKey === undefined || masterKey.startsWith("file:")) {
    if (!file) throw new Error("no master key is named: CLARITY_MASTER_KEY or CLARITY_MASTER_KEY_FILE");
    return fileMasterKey(file);
  }
  const keyId = /^aws-kms:(.+)$/.exec(masterKey)?.[1];
  if (!keyId) throw new Error(`the master key ${masterKey} is neither file:<path> nor aws-kms:<key>`);
  const service = awsKmsMasterKey({ keyId });
  return file && hasFileMasterKey(file) ? inFrontOf(service, { file }) : service;
}

/** A service that has taken over from a file: the file unwraps what it wrapped, and goes when retired. */
function inFrontOf(service: MasterKeyRing, { file }: { file: string }): MasterKeyRing {
  const before = fileMasterKey(file);
  return {
    ...service,
    async unwrap(input) {
      // The file first: asking it costs nothing.
      try {
        return await before.unwrap(input);
      } catch (error) {
        if (!(error instanceof CannotDecrypt) && !(error instanceof MasterKeyMissing)) throw error;
        return service.unwrap(input);
      }
    },
    async isCurrent(input) {
      const ofFile = await before.unwrap(input).then(
        () => true,
        () => false,
      );
      return ofFile ? false : service.isCurrent(input);
    },
    keys: async () => [...(await service.keys()), ...(await before.keys())],
    retire: (names) => before.retire(names),
  };
}

/** How long an unwrapped key is used without asking again, ms; longer while the key service is down. */
const freshMs = 3_600_000;
/** Keys remembered, each 32 bytes: more than the tenants one process has open. */
const maxKeys = 5_000;

/**
 * Opening a tenant and opening its pool both unwrap its key, and a key service takes money and time for each
 * call: what was unwrapped is remembered by the wrapped bytes and their context, so nothing else can match.
 */
export function rememberUnwrapped(masterKey: MasterKey, now: () => number = Date.now): MasterKey {
  const known = new LRUCache<string, { key: Uint8Array; until: number }>({ max: maxKeys });
  const asking = new Map<string, Promise<Uint8Array>>();
  return {
    wrap: (input) => masterKey.wrap(input),
    async unwrap(input) {
      const id = createHash("sha256")
        .update(JSON.stringify(input.context))
        .update(input.wrapped)
        .digest("hex");
      const before = known.get(id);
      if (before && before.until > now()) return before.key;
      let asked = asking.get(id);
      if (!asked) {
        asked = ofItsOwn(masterKey.unwrap(input)).finally(() => asking.delete(id));
        asking.set(id, asked);
      }
      try {
        const key = await asked;
        known.set(id, { key, until: now() + freshMs });
        return key;
      } catch (error) {
        if (before && error instanceof MasterKeyUnavailable) return before.key;
        throw error;
      }
    },
  };
}

/** Node cuts small buffers from slabs of 64 KB: a key remembered as such a cut would keep its whole slab. */
const ofItsOwn = async (key: Promise<Uint8Array>) => Uint8Array.from(await key);
