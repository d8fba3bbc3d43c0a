import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { keyId, readPems } from "../../../contract/edge-trust/index.ts";
import type { Operator } from "../operator.ts";

/** The edge's key as its files have it; the first signs. */
export interface EdgeKeyEntry {
  /** RFC 7638 thumbprint: `kid`. */
  id: string;
  signs: boolean;
}

interface Input {
  /** Holds `edge-key.pem`, for edges, and `edge-key.pub.pem`, for servers: what is copied to them. */
  folder: string;
}

/** @throws Error when the folder holds no keys of an edge */
export const listEdgeKeys = async ({ input }: { input: Input }): Promise<EdgeKeyEntry[]> =>
  entriesOf(await readKeys(input));

/** A new one behind those there are: accepted once it is everywhere, signed with by nobody. */
export async function addEdgeKey({ ctx, input }: { ctx: Operator; input: Input }): Promise<EdgeKeyEntry[]> {
  const added = generateKeyPairSync("ed25519").privateKey;
  const keys = [...(await readKeys(input)), added];
  await ctx.registry.audit({ actor: ctx.actor, action: "edge_key.add", detail: { key: idOf(added) } });
  return writeKeys(input, keys);
}

/**
 * Puts the newest first: it signs once edges have the file.
 *
 * @throws Error when there is none but the one that signs
 */
export async function useEdgeKey({ ctx, input }: { ctx: Operator; input: Input }): Promise<EdgeKeyEntry[]> {
  const keys = await readKeys(input);
  const newest = keys.length > 1 ? keys.pop() : undefined;
  if (!newest) throw new Error("there is one key, and it signs: clarity edge-key add makes the next");
  await ctx.registry.audit({ actor: ctx.actor, action: "edge_key.use", detail: { key: idOf(newest) } });
  return writeKeys(input, [newest, ...keys]);
}

/** Takes away all but the one that signs; sessions of theirs end. */
export async function retireEdgeKeys({ ctx, input }: { ctx: Operator; input: Input }): Promise<string[]> {
  const [first, ...others] = await readKeys(input);
  const retired = others.map(idOf);
  if (first === undefined || retired.length === 0) return [];
  const detail = { keys: retired.join(" ") };
  await ctx.registry.audit({ actor: ctx.actor, action: "edge_key.retire", detail });
  await writeKeys(input, [first]);
  return retired;
}

const fileOf = ({ folder }: Input) => join(folder, "edge-key.pem");

async function readKeys(input: Input): Promise<KeyObject[]> {
  const file = fileOf(input);
  const pems = await readPems(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" ? new Error(`there is no ${file}`) : error;
  });
  return pems.map((pem) => parse(pem, file));
}

/** What a parser would say may quote the key. */
function parse(pem: string, file: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Said below.
  }
  throw new Error(`${file} holds what is no Ed25519 private key`);
}

/** Public ones first: a kill in between leaves servers that believe one key more. */
async function writeKeys(input: Input, keys: readonly KeyObject[]): Promise<EdgeKeyEntry[]> {
  const publicPems = keys.map((key) => String(createPublicKey(key).export({ type: "spki", format: "pem" })));
  const privatePems = keys.map((key) => String(key.export({ type: "pkcs8", format: "pem" })));
  await replace(join(input.folder, "edge-key.pub.pem"), publicPems.join(""), 0o644);
  await replace(fileOf(input), privatePems.join(""), 0o600);
  return entriesOf(keys);
}

async function replace(file: string, text: string, mode: number): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, text, { mode });
  await rename(draft, file);
}

const entriesOf = (keys: readonly KeyObject[]): EdgeKeyEntry[] =>
  keys.map((key, index) => ({ id: idOf(key), signs: index === 0 }));

const idOf = (key: KeyObject) => keyId(createPublicKey(key));
