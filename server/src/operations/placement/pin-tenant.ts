import { z } from "zod";
import { sharedAudience } from "../../../contract/index.ts";
import { auditName } from "../../actor/actor.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { PinRefused } from "../errors.ts";
import { asKnown, understands } from "../fit-instance.ts";
import { type Instance, livingInstances } from "../instances.ts";
import type { Operator } from "../operator.ts";
import { loadOpenMove } from "../records/move-record.ts";
import { withTenantLock } from "../tenant-lock.ts";

export const NewPin = z.strictObject({
  slug: z.string(),
  /** Of a living instance of its own. */
  version: z.string().min(1).max(100),
  reason: z.string().trim().min(1).max(500),
  /** In the future. */
  until: z.date(),
  /** Base URL, when several instances are of that version. Default: its own, or the only one. */
  instance: z.url({ protocol: /^https?$/ }).optional(),
});
export type NewPin = z.input<typeof NewPin>;

/**
 * A code freeze: until the end, the tenant is served by an instance of that version, and no migration touches it.
 * Pinned again, the new version, reason and end count.
 *
 * @returns where it is served
 * @throws TenantUnknown; PinRefused when no living instance of that version can serve it
 */
export async function pinTenant({ ctx, input }: { ctx: Operator; input: NewPin }): Promise<Instance> {
  const { slug, version, reason, until, instance } = NewPin.parse(input);
  if (until <= new Date()) throw new PinRefused("the end of a code freeze lies in the future");
  const found = await ctx.registry.findBySlug(slug);
  if (!found) throw new TenantUnknown(`no tenant ${slug}`);
  return withTenantLock({ ctx, tenantId: found.id }, async () => {
    const { sql } = ctx.registry;
    if (await loadOpenMove(sql, found.id)) {
      throw new PinRefused(`${slug} is being moved: clarity tenant move-confirm or move-abort first`);
    }
    const record = (await ctx.registry.findById(found.id)) ?? found;
    const home = chooseInstance(await livingInstances(ctx), { record, version, instance });
    const pinned = await sql`
      with before as (
        select id, coalesce(pinned_from, upstream, ${sharedAudience}) as pinned_from from tenants
        where id = ${found.id} and status in ('active', 'suspended') for update
      ), tenant as (
        update tenants t set pinned_version = ${version}, pin_reason = ${reason}, pin_until = ${until},
          pinned_from = before.pinned_from, upstream = ${home.audience}, updated_at = clock_timestamp()
        from before where t.id = before.id returning t.id
      )
      insert into operator_audit (operator, action, tenant_id, detail)
      select ${auditName(ctx.actor)}, 'tenant.pin', id, jsonb_build_object('version', ${version}::text,
        'reason', ${reason}::text, 'until', ${until}::timestamptz, 'instance', ${home.audience}::text) from tenant
      returning id`;
    if (pinned.length === 0) throw new TenantUnknown(`no active or suspended tenant ${slug}`);
    return home;
  });
}

/** The shared servers move on with the others, so only an instance of its own keeps a version. */
function chooseInstance(
  living: readonly Instance[],
  wanted: { record: TenantRecord; version: string; instance: string | undefined },
): Instance {
  const { record, version } = wanted;
  const own = living.filter(({ audience }) => audience !== sharedAudience);
  const named = own.map(({ audience }) => audience);
  const instance = wanted.instance && asKnown(wanted.instance, named);
  const fitting = own.filter((server) => server.version === version && understands(server, record));
  const [current] = fitting.filter(({ audience }) => audience === (instance ?? record.upstream));
  const audiences = new Set(fitting.map(({ audience }) => audience));
  const home = current ?? (instance === undefined && audiences.size === 1 ? fitting[0] : undefined);
  if (!home) {
    throw new PinRefused(
      audiences.size > 1 && instance === undefined
        ? `several instances are of version ${version}: name one with --instance (${[...audiences].join(", ")})`
        : `no instance ${instance ?? "of its own"} of version ${version} lives that serves schema ${record.schemaVersion}: ` +
            "start one with CLARITY_AUDIENCE=<its base URL>; clarity instance list shows who lives",
    );
  }
  const mixed = own.find(({ audience, version: other }) => audience === home.audience && other !== version);
  if (mixed) throw new PinRefused(`a server of version ${mixed.version} answers at ${home.audience} as well`);
  return home;
}
