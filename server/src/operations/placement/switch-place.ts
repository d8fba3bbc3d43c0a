import { sharedAudience } from "../../../contract/index.ts";
import { auditName } from "../../actor/actor.ts";
import { MoveRefused } from "../errors.ts";
import { loadMove } from "../records/move-record.ts";
import type { Run } from "./sides.ts";

/**
 * One statement, and the tenant lives at the new place: servers are told by the registry. It needs the pause: a run
 * that was killed while this was under way cannot switch once another has let the tenant go on where it was.
 *
 * @throws MoveRefused when the tenant is not as the move left it
 */
export async function switchPlace({ ctx, move }: Pick<Run, "ctx" | "move">): Promise<void> {
  const { sql } = ctx.registry;
  const copied = move.from.server !== move.to.server;
  await sql`
    with move as (
      select * from moves
      where id = ${move.id} and switched_at is null and aborted_at is null
        and (not ${copied} or (paused_at is not null and verified is not null))
      for update
    ), tenant as (
      update tenants t set database_server = move.to_server, upstream = move.to_upstream, tier = move.to_tier,
        pinned_from = case when move.to_upstream is distinct from move.from_upstream and pinned_from is not null
          then coalesce(move.to_upstream, ${sharedAudience}) else pinned_from end,
        status = coalesce(move.status_before, t.status), updated_at = clock_timestamp()
      from move
      where t.id = move.tenant_id and t.status = any(${copied ? ["moving"] : ["active", "suspended"]}::text[])
      returning t.id
    ), switched as (
      update moves m set switched_at = clock_timestamp(),
        pause_ms = (extract(epoch from clock_timestamp() - m.paused_at) * 1000)::int,
        confirmed_at = case when ${copied} then null else clock_timestamp() end
      from tenant where m.id = ${move.id}
      returning tenant.id
    )
    insert into operator_audit (operator, action, tenant_id, detail)
    select ${auditName(ctx.actor)}, 'tenant.move.switch', id, jsonb_build_object('move', ${move.id}::text)
    from switched`;
  const { switchedAt } = await loadMove(sql, move.id);
  if (!switchedAt) throw new MoveRefused(`${move.slug} has changed meanwhile: run it again`);
}
