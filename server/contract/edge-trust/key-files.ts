import { hash, type KeyObject } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** A rotation needs two or three; more make every token without `kid` dear. */
const mostKeys = 8;

/** RFC 7638 thumbprint of an Ed25519 key, public or private: base64url, 43 characters. */
export function keyId(key: KeyObject): string {
  const { crv, kty, x } = key.export({ format: "jwk" });
  return hash("sha256", JSON.stringify({ crv, kty, x }), "base64url");
}

/**
 * The PEM blocks of a file, or of the `*.pem` files of a folder in the order of their names; what begins with a dot is
 * not read, so that a mounted Secret may be named as it is.
 *
 * @throws Error when there is none, there are too many, or something cannot be read
 */
export async function readPems(path: string): Promise<string[]> {
  const pems = (await readAll(path)).flatMap(pemsOf);
  if (pems.length > mostKeys)
    throw new Error(`${path} holds ${pems.length} keys, and ${mostKeys} are the most`);
  return pems;
}

async function readAll(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [await readFile(path, "utf8")];
  const names = (await readdir(path)).filter((name) => name.endsWith(".pem") && !name.startsWith("."));
  return Promise.all(names.sort().map((name) => readFile(join(path, name), "utf8")));
}

/**
 * What stands between blocks is for people (RFC 7468 §2). Text without a block is given back as it is, for whoever parses
 * keys to refuse; a block that was cut off is refused here: half a file has not lost the other keys.
 */
function pemsOf(text: string): string[] {
  const blocks = text.match(/-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g) ?? [];
  const begun = text.match(/-----BEGIN/g) ?? [];
  if (blocks.length !== begun.length) throw new Error("a PEM block is cut off, or encrypted");
  return blocks.length > 0 ? blocks : [text];
}
