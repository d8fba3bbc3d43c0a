import type { Check, Family } from "./family.ts";

/** No check takes longer, ms: one that hangs fell. */
const patienceMs = 60_000;

export interface Outcome {
  name: string;
  tried: number;
  /** Those that fell, with why. */
  fallen: { check: string; why: string }[];
}

/** All checks of a family, one after the other. A family that cannot be opened has fallen with all its checks. */
export async function runFamily({ name, checks, open, close }: Family): Promise<Outcome> {
  const fallen: Outcome["fallen"] = [];
  const fell = (check: Check, error: unknown) => fallen.push({ check: check.name, why: reasonOf(error) });
  try {
    await open?.();
    for (const check of checks) await inTime(check.run()).catch((error) => fell(check, error));
  } catch (error) {
    for (const check of checks) fell(check, error);
  } finally {
    await close?.();
  }
  return { name, tried: checks.length, fallen };
}

async function inTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${patienceMs} ms`)), patienceMs);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** On one line. */
const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, " ").slice(0, 200);
