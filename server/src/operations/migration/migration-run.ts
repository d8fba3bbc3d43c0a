import { randomUUID } from "node:crypto";
import { auditName } from "../../actor/actor.ts";
import type { Operator } from "../operator.ts";
import type { Scope } from "./pending-tenants.ts";

/** A run's row, while the fleet's lock is held. */
export interface MigrationRun {
  readonly id: string;
  /** An earlier process began it and was killed. */
  readonly resumed: boolean;
  /** Tenants that earlier process had brought to the target. */
  readonly doneBefore: number;
}

/**
 * A new run, or the one to the same target that a killed process left. Others left so are over.
 *
 * @param pending tenants that are to be tried now
 */
export async function beginRun({
  ctx,
  scope,
  pending,
}: {
  ctx: Operator;
  scope: Scope;
  pending: number;
}): Promise<MigrationRun> {
  const { sql } = ctx.registry;
  const { target } = scope;
  const slug = scope.slug ?? null;
  const [left] = await sql<{ id: string; done: number }[]>`
    with left_over as (
      update migration_runs set state = 'abandoned', ended_at = clock_timestamp()
      where state = 'running' and (target_version <> ${target} or slug is distinct from ${slug})
        and (${slug}::text is null or slug is not null)
      returning 1
    ), run as (
      update migration_runs
      set operator = ${auditName(ctx.actor)}, total = done + ${pending}, failed = 0, seen_at = clock_timestamp()
      where state = 'running' and target_version = ${target} and slug is not distinct from ${slug}
      returning id, done
    ), audit as (
      insert into operator_audit (operator, action, detail)
      select ${auditName(ctx.actor)}, 'migrate.resume', jsonb_build_object('run', id, 'target', ${target}::int)
      from run, (select count(*) from left_over) abandoned
    )
    select id, done from run`;
  if (left) return { id: left.id, resumed: true, doneBefore: left.done };
  const id = randomUUID();
  await sql`
    with run as (
      insert into migration_runs (id, operator, target_version, slug, total)
      values (${id}, ${auditName(ctx.actor)}, ${target}, ${slug}, ${pending}) returning id
    )
    insert into operator_audit (operator, action, detail)
    select ${auditName(ctx.actor)}, 'migrate.begin', jsonb_build_object('run', id, 'target', ${target}::int) from run`;
  return { id, resumed: false, doneBefore: 0 };
}

/** @param reason why it halted; null: it came to its end */
export async function endRun({
  ctx,
  runId,
  reason,
}: {
  ctx: Operator;
  runId: string;
  reason: string | null;
}): Promise<void> {
  const state = reason === null ? "finished" : "halted";
  await ctx.registry.sql`
    with run as (
      update migration_runs set state = ${state}, reason = ${reason}, ended_at = clock_timestamp(),
        seen_at = clock_timestamp()
      where id = ${runId} and state = 'running' returning id, done, failed
    )
    insert into operator_audit (operator, action, detail)
    select ${auditName(ctx.actor)}, ${reason === null ? "migrate.finish" : "migrate.halt"},
      jsonb_build_object('run', id, 'done', done, 'failed', failed) from run`;
}

/** Killed between its last tenant and its end: there is nothing left to do but to say so. */
export async function endLeftRun({ ctx, scope }: { ctx: Operator; scope: Scope }): Promise<void> {
  const left = await ctx.registry.sql<{ id: string }[]>`
    select id from migration_runs where state = 'running' and target_version = ${scope.target}
      and slug is not distinct from ${scope.slug ?? null}`;
  for (const { id } of left) await endRun({ ctx, runId: id, reason: null });
  await ctx.registry.sql`
    update migration_runs set state = 'abandoned', ended_at = clock_timestamp()
    where state = 'running' and ${scope.slug ?? null}::text is null`;
}
