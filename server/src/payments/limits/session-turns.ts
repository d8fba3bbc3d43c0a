import { LRUCache } from "lru-cache";

interface Turns {
  /** Its last payment was captured: nobody who tries out cards. */
  proven: boolean;
  /** Ends when the last in the line is done. */
  last: Promise<void>;
}

/** Of sessions that paid lately, in this process. */
const sessions = new LRUCache<string, Turns>({ max: 20_000, ttl: 15 * 60_000 });

/** Whose turn it is; `done` lets the next one through. */
export interface Turn {
  done(outcome: { captured: boolean }): void;
}

/**
 * One after the other: a session whose last payment was not captured has one at the provider at a time in this process,
 * so that a hundred cards tried at once are counted like a hundred tried in a row. No payer pays twice at once; one whose
 * payment was captured is not made to wait.
 *
 * @param untilMs epoch ms
 * @returns `null`: its turn did not come until then
 */
export async function takeTurn(session: string, untilMs: number): Promise<Turn | null> {
  const known = sessions.get(session) ?? { proven: false, last: Promise.resolve() };
  sessions.set(session, known);
  const note = ({ captured }: { captured: boolean }) => {
    known.proven = captured;
  };
  if (known.proven) return { done: note };
  const before = known.last;
  const mine = Promise.withResolvers<void>();
  known.last = before.then(() => mine.promise);
  const done: Turn["done"] = (outcome) => {
    note(outcome);
    mine.resolve();
  };
  if (await endsInTime(before, untilMs)) return { done };
  mine.resolve();
  return null;
}

async function endsInTime(line: Promise<void>, untilMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, untilMs - Date.now()), false);
  });
  const ended = await Promise.race([line.then(() => true as const), late]);
  clearTimeout(timer);
  return ended;
}
