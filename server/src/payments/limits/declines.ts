import { Counter } from "prom-client";
import { auditName } from "../../actor/actor.ts";
import type { Context } from "../../context/context.ts";
import { tenantLabel } from "../../telemetry/metrics.ts";
import { json } from "../../tenant/tenant-db.ts";
import type { Scope } from "./subjects.ts";

/** The first try beyond what a subject may waits so long, the next twice that, at most the second; seconds. */
const pauseS = { first: 15, longest: 900 };
/** Told no reasons for so long after half of what it may, and slowed again only after it is news again; seconds. */
const rememberS = 3_600;

const slowed = new Counter({
  name: "card_testing_slowed_total",
  help: "Sessions, customers, addresses or cards that had more payments declined than they may in an hour. Alert on it.",
  labelNames: ["scope", "tenant"],
});
const refusedTries = new Counter({
  name: "payments_slowed_total",
  help: "Payments refused because too many before them were declined: they may be tried again later.",
  labelNames: ["tenant"],
});

/**
 * Counts a decline against whoever tried, once a decline: session, customer, address, card. A level falls by the
 * setting's number an hour; above it the next try waits, twice as long for each decline more. Nobody is locked out: a
 * pause ends by itself, and a try during it changes nothing.
 */
export async function noteDecline({
  ctx,
  input: { attemptId, paymentId },
}: {
  ctx: Context;
  input: { attemptId: string; paymentId: string };
}): Promise<void> {
  const limits = await ctx.settings.get("limits.declines");
  const rows = await ctx.db.query<{ tenant_id: string; subject: string; level: number; news: boolean }>`
    insert into pay.declines as d (tenant_id, subject, level, at, coarse_until)
    select a.tenant_id, s.subject, 1, now(),
      case when 1 >= (${json(limits)}::jsonb ->> split_part(s.subject, ':', 1))::float8 / 2
        then now() + make_interval(secs => ${rememberS}) else '-infinity' end
    from pay.attempts a cross join lateral unnest(a.subjects) as s(subject)
    where a.tenant_id = ${ctx.tenant.id}::uuid and a.id = ${attemptId}::uuid
    -- Two who count the same subjects wait for each other in one order.
    order by s.subject
    on conflict (subject, tenant_id) do update set
      (level, at, wait_until, coarse_until, slowed_at) = (
        select now.level, now(),
          case when now.level > now.may then now() + make_interval(secs => least(${pauseS.longest},
            ${pauseS.first} * power(2, least(ceil(now.level - now.may), 20) - 1))) else d.wait_until end,
          case when now.level >= now.may / 2 then now() + make_interval(secs => ${rememberS}) else d.coarse_until end,
          case when now.level <= now.may or d.slowed_at > now() - make_interval(secs => ${rememberS})
            then d.slowed_at else now() end
        from (
          select may, greatest(0, d.level - extract(epoch from now() - d.at) * may / 3600) + 1 as level
          from (select (${json(limits)}::jsonb ->> split_part(d.subject, ':', 1))::float8 as may) m
        ) now)
    returning tenant_id, subject, level, slowed_at is not distinct from now() as news`;
  const news = rows.filter((row) => row.news);
  if (news.length > 0) await raiseAlarm(ctx, { paymentId, news });
}

/** Once an hour for each: a metric, a log line and a row of the audit log; `clarity doctor` says it for a day. */
async function raiseAlarm(
  ctx: Context,
  { paymentId, news }: { paymentId: string; news: { subject: string; level: number }[] },
): Promise<void> {
  const beyond = news.map(({ subject, level }) => ({ subject, declines: Math.round(level * 10) / 10 }));
  for (const { subject } of news) {
    slowed.inc({ scope: subject.split(":")[0] as Scope, tenant: tenantLabel(ctx.tenant.slug) });
  }
  ctx.log.warn({ paymentId, beyond }, "somebody may be trying out cards: their next tries have to wait");
  await ctx.db.query`
    insert into pay.audit_log (tenant_id, actor, action, subject, detail)
    values (${ctx.tenant.id}::uuid, ${auditName(ctx.actor)}, 'payment.card_testing_suspected', ${paymentId},
      ${json({ beyond })}::jsonb)
    returning tenant_id`;
}

/** Seconds until these may try again; 0: now. */
export async function pauseOf({
  ctx,
  input: { subjects },
}: {
  ctx: Context;
  input: { subjects: readonly string[] };
}): Promise<number> {
  const [row] = await ctx.db.query<{ tenant_id: string; wait_s: number | null }>`
    select ${ctx.tenant.id}::uuid as tenant_id, extract(epoch from max(wait_until) - now())::float8 as wait_s
    from pay.declines
    where tenant_id = ${ctx.tenant.id}::uuid and subject = any(${subjects}::text[]) and wait_until > now()`;
  const waitS = Math.ceil(row?.wait_s ?? 0);
  if (waitS > 0) refusedTries.inc({ tenant: tenantLabel(ctx.tenant.slug) });
  return waitS;
}

/** Forgets who has had nothing declined for a day. @returns how many */
async function purgeDeclines(ctx: Context): Promise<number> {
  const gone = await ctx.db.query`
    delete from pay.declines
    where tenant_id = ${ctx.tenant.id}::uuid and at < now() - interval '1 day' and wait_until < now()
    returning tenant_id`;
  return gone.length;
}

/** For the worker's sweep. */
export const forgetDeclines = { name: "forget declines", everyMs: 3_600_000, run: purgeDeclines };
