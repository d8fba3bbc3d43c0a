import type { UnfinishedWork } from "../../tenant/unfinished-work.ts";

/** Payments or deliveries are unfinished, and nobody gave a reason to lose them. */
export class WorkUnfinished extends Error {
  override readonly name = "WorkUnfinished";
  constructor(slug: string, { payments, deliveries }: UnfinishedWork) {
    super(
      `${slug} has ${payments} open payments and ${deliveries} deliveries that are not done: ` +
        "let them finish, or give a reason with --force-reason",
    );
  }
}

/** The grace period is over and the destruction has begun. */
export class TooLateToRestore extends Error {
  override readonly name = "TooLateToRestore";
}

/** Two servers may hold its rows. */
export class MoveUnfinished extends Error {
  override readonly name = "MoveUnfinished";
  constructor(slug: string) {
    super(`${slug} is being moved, or its old copy is kept: clarity tenant move-confirm or move-abort first`);
  }
}
