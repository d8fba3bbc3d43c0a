import { createHash } from "node:crypto";
import { extname } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { LRUCache } from "lru-cache";
import type { Fault } from "./build-source.ts";
import type { Script } from "./catalogue.ts";

const types: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".woff2": "font/woff2",
};

export type Encoding = "br" | "gzip" | "identity";

/** One file as it is sent, compressed once. */
export interface Body {
  type: string;
  bodies: Record<Encoding, Uint8Array<ArrayBuffer>>;
}

/** What is kept in memory, bytes: some hundred scripts. What falls out is read again. */
const mostBytes = 64 * 1024 * 1024;
/** Where no good copy was found, none is looked for again this soon, ms. */
const againAfterMs = 2_000;

/** The bytes behind addresses. */
export interface Bodies {
  /** Null: no copy can be had whose bytes are those of its address. */
  get(script: Script): Promise<Body | null>;
}

/** @param complain of each copy that cannot be had, or is not what its manifest says */
export function createBodies(complain: (fault: Fault) => void): Bodies {
  const kept = new LRUCache<string, Body>({
    maxSize: mostBytes,
    sizeCalculation: ({ bodies }) => Object.values(bodies).reduce((sum, { length }) => sum + length, 1),
  });
  const missing = new LRUCache<string, true>({ max: 1_000, ttl: againAfterMs });
  const reading = new Map<string, Promise<Body | null>>();
  // However many are asked for at once, payers' signatures are checked by the same few threads.
  let last: Promise<unknown> = Promise.resolve();
  const oneAfterTheOther = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };

  async function read(script: Script): Promise<Body | null> {
    for (const { build, path } of script.copies.values()) {
      try {
        const bytes = await readVerified({ build, path, integrity: script.integrity });
        return await oneAfterTheOther(() => compress(bytes, path));
      } catch (error) {
        complain({ where: `${build.where}: ${path}`, error });
      }
    }
    return null;
  }

  return {
    async get(script) {
      const key = `${script.address}/${script.name}`;
      const known = kept.get(key);
      if (known) return known;
      if (missing.has(key)) return null;
      const running = reading.get(key) ?? read(script).finally(() => reading.delete(key));
      reading.set(key, running);
      const body = await running;
      if (body) kept.set(key, body);
      else missing.set(key, true);
      return body;
    },
  };
}

/** The bytes of a named file. @throws when they cannot be had, or are others than were named */
export async function readVerified(input: {
  build: { read(path: string): Promise<Uint8Array<ArrayBuffer>> };
  path: string;
  integrity: string;
}): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await input.build.read(input.path);
  const integrity = `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
  if (integrity !== input.integrity) throw new Error("not the bytes that the manifest names");
  return bytes;
}

export async function compress(identity: Uint8Array<ArrayBuffer>, path: string): Promise<Body> {
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  const br = new Uint8Array(await promisify(brotliCompress)(identity, brotli));
  const gz = new Uint8Array(await promisify(gzip)(identity, { level: 9 }));
  return { type: types[extname(path)] ?? "application/octet-stream", bodies: { identity, br, gzip: gz } };
}

/** The best of what the browser takes (RFC 9110 §12.5.3; weights aside, `q=0` is not used by browsers here). */
export function encodingFor(accept: string | undefined): Encoding {
  const offered = new Set(accept?.split(",").map((part) => part.trim().toLowerCase()));
  return offered.has("br") ? "br" : offered.has("gzip") ? "gzip" : "identity";
}
