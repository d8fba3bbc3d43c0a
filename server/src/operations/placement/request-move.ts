import { randomUUID } from "node:crypto";
import { z } from "zod";
import { sharedAudience } from "../../../contract/index.ts";
import { auditName } from "../../actor/actor.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { MoveRefused } from "../errors.ts";
import { asKnown, requireFit } from "../fit-instance.ts";
import { livingInstances } from "../instances.ts";
import type { Operator } from "../operator.ts";
import { loadMove, loadOpenMove, type MoveRecord, type Place } from "../records/move-record.ts";
import { loadOpenRestore } from "../records/restore-record.ts";
import { mainServer, requireDatabaseServer } from "../servers/database-servers.ts";

export const NewMove = z.strictObject({
  slug: z.string(),
  /** A name of `clarity database-server list`; `main`: the registry's own. Default: it stays. */
  databaseServer: z.string().optional(),
  /** Base URL of a living instance, however spelled, or `shared`. Default: it stays. */
  instance: z.union([z.literal(sharedAudience), z.url({ protocol: /^https?$/ })]).optional(),
  /** Default: it stays. */
  tier: z.enum(["dedicated", "standard", "starter"]).optional(),
  /** Rows are copied while the tenant is not served, also where they could follow. Default false. */
  pauseAndCopy: z.boolean().default(false),
});
export type NewMove = z.input<typeof NewMove>;

/**
 * The move in the registry, and what is allowed of it: everything later steps need, so that a second run does the
 * same. Asked again with the same destination, it answers the move that is under way.
 *
 * @returns null: the tenant lives there already
 * @throws MoveRefused, TenantUnknown
 */
export async function requestMove(input: {
  ctx: Operator;
  record: TenantRecord;
  wanted: z.output<typeof NewMove>;
}): Promise<MoveRecord | null> {
  const { ctx, record, wanted } = input;
  const open = await loadOpenMove(ctx.registry.sql, record.id);
  const from = open?.from ?? placeOf(record);
  const before = open?.to ?? from;
  const living = (await livingInstances(ctx)).map(({ audience }) => audience);
  const instance = wanted.instance && asKnown(wanted.instance, [before.upstream, ...living]);
  const to = destination(before, { ...wanted, instance });
  if (open) return goOn(ctx, open, { to, pauseAndCopy: wanted.pauseAndCopy });
  if (isSame(from, to)) return null;
  if (await loadOpenRestore(ctx.registry.sql, record.id)) {
    throw new MoveRefused(
      `a restore of ${record.slug} is open: clarity tenant restore-confirm or restore-abort ends it`,
    );
  }
  if (to.server !== from.server) await requireDatabaseServer(ctx, to.server);
  if (to.upstream !== from.upstream)
    await requireFit({ ctx, record, audience: to.upstream ?? sharedAudience });
  return insertMove({ ctx, record, from, to, pauseAndCopy: wanted.pauseAndCopy });
}

const placeOf = ({ database, upstream, tier }: TenantRecord): Place => ({
  server: database.server?.name ?? null,
  upstream,
  tier,
});

function destination(
  from: Place,
  { databaseServer, instance, tier }: Pick<z.output<typeof NewMove>, "databaseServer" | "instance" | "tier">,
): Place {
  return {
    server:
      databaseServer === undefined ? from.server : databaseServer === mainServer ? null : databaseServer,
    upstream: instance === undefined ? from.upstream : instance === sharedAudience ? null : instance,
    tier: tier ?? from.tier,
  };
}

const isSame = (a: Place, b: Place) =>
  a.server === b.server && a.upstream === b.upstream && a.tier === b.tier;

async function goOn(
  ctx: Operator,
  open: MoveRecord,
  { to, pauseAndCopy }: { to: Place; pauseAndCopy: boolean },
): Promise<MoveRecord> {
  if (!isSame(open.to, to)) {
    throw new MoveRefused(
      `${open.slug} ${open.switchedAt ? "has moved" : "is being moved"} to ${open.to.server ?? mainServer}: ` +
        (open.switchedAt ? "clarity tenant move-confirm first" : "clarity tenant move-abort first"),
    );
  }
  if (!pauseAndCopy || open.switchedAt) return open;
  await ctx.registry.sql`update moves set method = 'copy', method_reason = ${askedFor} where id = ${open.id}`;
  return loadMove(ctx.registry.sql, open.id);
}

const askedFor = "asked for";

async function insertMove(input: {
  ctx: Operator;
  record: TenantRecord;
  from: Place;
  to: Place;
  pauseAndCopy: boolean;
}): Promise<MoveRecord> {
  const { ctx, record, from, to, pauseAndCopy } = input;
  const { sql } = ctx.registry;
  const id = randomUUID();
  const [method, reason] = pauseAndCopy ? ["copy", askedFor] : [null, null];
  const made = await sql`
    with move as (
      insert into moves (id, tenant_id, slug, requested_by, from_server, to_server, from_upstream, to_upstream,
        from_tier, to_tier, method, method_reason)
      select ${id}, id, slug, ${auditName(ctx.actor)}, ${from.server}, ${to.server}, ${from.upstream}, ${to.upstream},
        ${from.tier}, ${to.tier}, ${method}, ${reason}
      from tenants where id = ${record.id} and status in ('active', 'suspended')
      returning *
    ), audit as (
      insert into operator_audit (operator, action, tenant_id, detail)
      select ${auditName(ctx.actor)}, 'tenant.move', tenant_id, jsonb_build_object(
        'move', id, 'fromServer', from_server, 'toServer', to_server, 'fromInstance', from_upstream,
        'toInstance', to_upstream, 'fromTier', from_tier, 'toTier', to_tier) from move
    )
    select id from move`;
  if (made.length === 0) throw new TenantUnknown(`no active or suspended tenant ${record.slug}`);
  return loadMove(sql, id);
}
