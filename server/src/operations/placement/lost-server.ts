import { z } from "zod";
import { isUnreachable } from "../../database/client.ts";
import { MoveRefused } from "../errors.ts";
import type { MoveRecord } from "../records/move-record.ts";
import { type Run, replicationName, type SideName } from "./sides.ts";

/** How a move is ended, one way or the other. */
export const MoveEnd = z.strictObject({
  slug: z.string(),
  /**
   * Why it ends without the server that has the copy nobody needs, which is gone for good. Default null: what is
   * there is dropped.
   */
  forceReason: z.string().trim().min(1).max(500).nullable().default(null),
});
export type MoveEnd = z.input<typeof MoveEnd>;

/** What the operators' audit log keeps of a server that was gone; should it come back, this is dropped by hand. */
export type Loss = {
  readonly forceReason: string;
  readonly left: {
    readonly server: string;
    readonly database: string;
    readonly role: string;
    /** What a subscription there, or a slot, a publication and a role, would be called. */
    readonly replication: string;
  };
};

export type EndedMove = MoveRecord & {
  /** null: nothing was left anywhere. */
  readonly loss: Loss | null;
};

/**
 * Ending a move without one of its servers is for one that does not answer, not even to refuse.
 *
 * @throws MoveRefused when it does: it can be done properly
 */
export async function acceptLoss(run: Run, side: SideName, forceReason: string): Promise<Loss> {
  const { name: server, admin } = run[side];
  const cause = await admin`select 1`.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!isUnreachable(cause)) {
    throw new MoveRefused(
      `database server ${server} answers: without --force-reason, what is there is dropped`,
      { cause },
    );
  }
  const { name: database, role } = run.record.database;
  return { forceReason, left: { server, database, role, replication: replicationName(run) } };
}
