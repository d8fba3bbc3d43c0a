import type { Anchor } from "../../audit/chain.ts";
import { type Verdict, verifyChain } from "../../audit/verify-audit.ts";
import type { Sql } from "../../database/connect.ts";
import { findInLog, type RegistryLog, readLog, registryLogs } from "./registry-logs.ts";
import { readShipped } from "./shipped-copy.ts";

/**
 * Reads the registry's own logs and computes every hash anew. Without a copy that was shipped elsewhere, an end that was
 * cut off by whoever owns the database, or all of it written anew, is not noticed.
 *
 * @param input.shipped a file of what was shipped; null: none is at hand
 * @throws Error when the file is not one
 */
export async function verifyRegistry(input: {
  registry: Sql;
  shipped: string | null;
}): Promise<{ log: RegistryLog; verdict: Verdict }[]> {
  const { registry, shipped } = input;
  const known = shipped === null ? new Map<RegistryLog, Anchor[]>() : await readShipped(shipped);
  const verdicts: { log: RegistryLog; verdict: Verdict }[] = [];
  for (const log of registryLogs) {
    const verdict = await verifyChain({
      read: () => readLog(registry, { log }),
      find: (hash) => findInLog(registry, { log, hash }),
      anchors: known.get(log) ?? [],
      keeper: "the shipped copy",
    });
    verdicts.push({ log, verdict });
  }
  return verdicts;
}
