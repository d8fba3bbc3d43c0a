import { isUnreachable } from "../../database/client.ts";
import { connect, type Sql } from "../../database/connect.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { names } from "../names.ts";
import type { Operator } from "../operator.ts";
import type { MoveRecord } from "../records/move-record.ts";
import { administratorUrl, mainServer } from "../servers/database-servers.ts";

/** The administrator on one of the two database servers. Connects on first use. */
export interface Side {
  /** As `clarity database-server list` says it, or `main`. */
  readonly name: string;
  readonly url: URL;
  readonly admin: Sql;
  /** In the tenant's database. */
  readonly database: Sql;
  /** There as well: one connection, for a lock that lasts as long as this run. */
  readonly lock: Sql;
}

export type SideName = "source" | "target";

/** A move in hand: what every step is given. */
export interface Run {
  readonly ctx: Operator;
  readonly move: MoveRecord;
  /** As it was when this run began; names and secrets do not change on the way. */
  readonly record: TenantRecord;
  readonly source: Side;
  readonly target: Side;
}

/** Is told each step's name before it runs, and `done` at the end. */
export type OnStep = (step: string) => void | Promise<void>;

/** Tells whose they are when one is left over. */
export const replicationName = ({ ctx, move }: Pick<Run, "ctx" | "move">): string =>
  names.move(ctx.address.namespace, move.id);

/** What our own connections are called, on both servers. */
export const sessionName = (move: Pick<MoveRecord, "id">): string => `pay-move-${move.id}`;

/** Opens both sides for one run and closes them. Before a side is used, `endLeftovers` there. */
export async function withSides<T>(
  input: Pick<Run, "ctx" | "move" | "record">,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const [source, target] = [
    await openSide(input, input.move.from.server),
    await openSide(input, input.move.to.server),
  ];
  try {
    return await work({ ...input, source, target });
  } finally {
    const pools = [source, target].flatMap(({ admin, database, lock }) => [admin, database, lock]);
    await Promise.all(pools.map((sql) => sql.end({ timeout: 2 })));
  }
}

async function openSide(input: Pick<Run, "ctx" | "move" | "record">, server: string | null): Promise<Side> {
  const { ctx, move, record } = input;
  const place = server === null ? null : { name: server };
  const url = await administratorUrl({ ctx, server: place });
  const inside = await administratorUrl({ ctx, server: place, database: record.database.name });
  const session = { application_name: sessionName(move) };
  return {
    name: server ?? mainServer,
    url: new URL(url),
    admin: connect({ url, max: 2, session }),
    database: connect({ url: inside, max: 2, session }),
    lock: connect({ url: inside, max: 1, idleTimeoutSeconds: 0, session }),
  };
}

/**
 * A killed run's statements go on by themselves: before anything is looked at on a side they must be over. Nothing
 * is asked of a side before: it may be lost.
 *
 * @throws Error that says what it means for the tenant when the server does not answer
 */
export async function endLeftovers(run: Run, side: SideName): Promise<void> {
  const { admin, name } = run[side];
  try {
    await admin`
      select pg_terminate_backend(pid, 5000) from pg_stat_activity
      where application_name = ${sessionName(run.move)} and pid <> pg_backend_pid()`;
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    throw new Error(describeSilence(run.move, side, name), { cause: error });
  }
}

/** What it means for the tenant that one of the two servers does not answer, and what to do. */
function describeSilence({ slug, switchedAt }: MoveRecord, side: SideName, server: string): string {
  const silent = `database server ${server} does not answer`;
  if ((side === "source") !== (switchedAt !== null)) return `${silent}, and ${slug} lives there`;
  const [stays, served, verb] = switchedAt
    ? ["the old copy", "at its new place", "move-confirm"]
    : ["what the move made", "where it was", "move-abort"];
  return (
    `${silent}: ${stays} stays there for now, ${slug} is served ${served}. Run this again when it answers; ` +
    `if it is gone for good, clarity tenant ${verb} ${slug} --force-reason <why> ends the move without it`
  );
}
