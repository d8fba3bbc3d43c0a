import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import { type Anchor, type ChainedRow, hashRow, sameHash } from "../../audit/chain.ts";
import { type RegistryLog, registryLogs } from "./registry-logs.ts";

/** A line of what is shipped: the row with its fields as they are hashed, so that a copy can be checked by itself. */
const ShippedLine = z.object({
  log: z.enum(registryLogs),
  id: z.string().regex(/^\d{1,19}$/),
  /** Microseconds since 1970. */
  at: z.string().regex(/^-?\d{1,19}$/),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.string(),
  prevHash: z.string().regex(/^[0-9a-f]{64}$/),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

/** JSON, ended by a line feed. */
export const shippedLine = (log: RegistryLog, row: ChainedRow): string => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const line: z.input<typeof ShippedLine> = {
    ...{ log, id: String(row.id), at: row.at, actor: row.actor, action: row.action, subject: row.subject },
    ...{ detail: row.detail, prevHash: hex(row.prevHash), hash: hex(row.hash) },
  };
  return `${JSON.stringify(line)}\n`;
};

/**
 * Every row that a copy remembers, by log and number. It is shipped at least once, so it may come again.
 *
 * @throws Error when a line is none, or is not what was hashed
 */
export async function readShipped(file: string): Promise<Map<RegistryLog, Anchor[]>> {
  const found = new Map<RegistryLog, Map<string, Anchor>>();
  let number = 0;
  for await (const text of createInterface({ input: createReadStream(file, "utf8") })) {
    number++;
    if (text.trim() === "") continue;
    const { log, row } = parse(text, `${file}, line ${number}`);
    const known = found.get(log) ?? new Map<string, Anchor>();
    const key = `${row.id} ${Buffer.from(row.hash).toString("hex")}`;
    known.set(key, { headId: row.id, headHash: row.hash, at: new Date(Number(BigInt(row.at) / 1000n)) });
    found.set(log, known);
  }
  const byNumber = (a: Anchor, b: Anchor) => (a.headId < b.headId ? -1 : a.headId > b.headId ? 1 : 0);
  return new Map(
    [...found].map(([log, known]) => [log, requireWhole(log, [...known.values()].sort(byNumber))]),
  );
}

/** Whoever can write to the registry as a server does could say of rows that they were shipped. */
function requireWhole(log: RegistryLog, rows: Anchor[]): Anchor[] {
  for (const [index, { headId }] of rows.entries()) {
    const before = rows[index - 1]?.headId ?? headId;
    if (headId > before + 1n) {
      throw new Error(
        `the copy of ${log} lacks rows ${before + 1n} to ${headId - 1n}: they were never shipped`,
      );
    }
  }
  return rows;
}

function parse(text: string, place: string): { log: RegistryLog; row: ChainedRow } {
  const line = ShippedLine.safeParse(jsonOf(text));
  if (!line.success) throw new Error(`${place}: no row of a shipped log`);
  const { log, id, prevHash, hash, ...fields } = line.data;
  const row = {
    ...fields,
    id: BigInt(id),
    prevHash: Buffer.from(prevHash, "hex"),
    hash: Buffer.from(hash, "hex"),
  };
  if (!sameHash(hashRow(row.prevHash, row), row.hash)) {
    throw new Error(`${place}: row ${id} of ${log} is not what was shipped: the copy was changed`);
  }
  return { log, row };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
