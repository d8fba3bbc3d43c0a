import type { MasterKeyRing } from "../../crypto/master-key.ts";
import { openMasterKey } from "../../crypto/open-master-key.ts";
import { requireMasterKey } from "../../registry/master-key-fits.ts";
import type { Operator } from "../operator.ts";
import {
  askOfEach,
  contextOf,
  readWrappedKeys,
  replaceWrappedKeys,
  type WrappedKey,
} from "./wrapped-keys.ts";

/** Data keys replaced in one statement: each tells every server to forget what it remembers. */
const batch = 50;

type OnStep = (step: string) => void | Promise<void>;

export interface RotatedMasterKey {
  /** Newest first: the first wraps everything now, the others can be retired. */
  readonly keys: readonly string[];
  /** Data keys this run wrapped anew. */
  readonly rewrapped: number;
}

/**
 * Makes a newer master key, unless an older one still waits to be retired, and wraps every data key anew under
 * the newest. Tenants are served meanwhile: the data keys stay the same, and both master keys unwrap. Killed at
 * any point, it is run again and goes on.
 *
 * @param input.prepareOnly stop when the newer key is made, so that its file can be copied to other hosts first
 * @param onStep is told each step's name before it runs, and `done` at the end
 * @throws MasterKeyWrong before a key is made; CannotDecrypt naming the tenant whose key no master key here opens
 */
export async function rotateMasterKey({
  ctx,
  input: { prepareOnly = false } = {},
  onStep = () => {},
}: {
  ctx: Operator;
  input?: { prepareOnly?: boolean };
  onStep?: OnStep;
}): Promise<RotatedMasterKey> {
  const ring = openMasterKey(ctx.address);
  await onStep("renew");
  await requireMasterKey({ sql: ctx.registry.sql, masterKey: ring });
  await ctx.registry.audit({ actor: ctx.actor, action: "master_key.rotate" });
  await ring.renew();
  let rewrapped = 0;
  if (!prepareOnly) {
    // A tenant may have been made, or its key rotated, under the old key since the list was read.
    for (let old = await keysUnderOlder(ctx, ring); old.length > 0; old = await keysUnderOlder(ctx, ring)) {
      for (let at = 0; at < old.length; at += batch) {
        await onStep("rewrap");
        rewrapped += await rewrap({ ctx, ring, keys: old.slice(at, at + batch) });
      }
    }
  }
  await onStep("done");
  return { keys: (await ring.keys()).map(({ name }) => name), rewrapped };
}

/** Younger than this, the newest key may not have reached a process that is about to wrap, ms. */
const defaultMinimumAgeMs = 60_000;

/**
 * Removes master keys that nothing needs any more.
 *
 * @returns the names of those removed
 * @throws Error while a data key is wrapped by one of them, or the newest is younger than a minute
 */
export async function retireMasterKeys({
  ctx,
  input: { minimumAgeMs = defaultMinimumAgeMs } = {},
  onStep = () => {},
}: {
  ctx: Operator;
  input?: { minimumAgeMs?: number };
  onStep?: OnStep;
}): Promise<readonly string[]> {
  const ring = openMasterKey(ctx.address);
  // Before the check: a rotation that begins meanwhile makes a newer key, and still needs this newest one.
  const [newest, ...older] = await ring.keys();
  if (newest?.madeAt && Date.now() - newest.madeAt.getTime() < minimumAgeMs) {
    throw new Error(
      `${newest.name} is younger than ${minimumAgeMs / 1_000} s: something may still be wrapping`,
    );
  }
  await onStep("check");
  const old = await keysUnderOlder(ctx, ring);
  if (old.length > 0) {
    throw new Error(`${old.length} data keys still need an older master key: run clarity master-key rotate`);
  }
  await onStep("retire");
  await ctx.registry.audit({ actor: ctx.actor, action: "master_key.retire" });
  const removed = await ring.retire(older.map(({ name }) => name));
  await onStep("retired");
  return removed;
}

async function keysUnderOlder(ctx: Operator, ring: MasterKeyRing): Promise<WrappedKey[]> {
  const all = await readWrappedKeys(ctx.registry.sql);
  const current = await askOfEach(all, (key) =>
    ring.isCurrent({ wrapped: key.wrapped, context: contextOf(key) }),
  );
  return all.filter((_, index) => !current[index]);
}

async function rewrap(input: { ctx: Operator; ring: MasterKeyRing; keys: readonly WrappedKey[] }) {
  const { ctx, ring } = input;
  const keys = await askOfEach(input.keys, async (key) => {
    const context = contextOf(key);
    const plain = await ring.unwrap({ wrapped: key.wrapped, context });
    return { key, rewrapped: await ring.wrap({ key: plain, context }) };
  });
  return replaceWrappedKeys({ sql: ctx.registry.sql, actor: ctx.actor, keys });
}
