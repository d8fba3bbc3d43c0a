import { overdueFlags } from "../../tenant/flags/overdue-flags.ts";
import { bad, type Check, note } from "../finding.ts";
import { livingInstances, serversOf } from "../instances.ts";

export const deletionFindings: Check = async ({ ctx }) => {
  const rows = await ctx.registry.sql<{ slug: string; begun: boolean; due_at: Date }[]>`
    select slug, destroying_at is not null as begun, due_at from deletions
    where certificate is null and (destroying_at is not null or due_at < now() - interval '1 day')
    order by slug`;
  return rows.map(({ slug, begun, due_at }) =>
    begun
      ? bad(
          `${slug}: its destruction stopped half-way`,
          "the customer was promised that its data is destroyed, and no certificate says so",
          "run clarity tenant purge: it goes on and says what keeps it",
        )
      : bad(
          `${slug}: was to be destroyed on ${due_at.toISOString().slice(0, 10)}`,
          "data is kept for longer than was promised",
          "run clarity tenant purge, daily",
        ),
  );
};

/** An open move or restore holds up whatever else would be done with the tenant. */
export const moveFindings: Check = async ({ ctx }) => {
  const rows = await ctx.registry.sql<
    { slug: string; from_server: string | null; to_server: string | null; switched_at: Date | null }[]
  >`
    select slug, from_server, to_server, switched_at from moves
    where confirmed_at is null and aborted_at is null order by slug`;
  return rows.map(({ slug, from_server, to_server, switched_at }) =>
    switched_at
      ? note(
          `${slug}: its old copy at ${from_server ?? "main"} is kept since ${switched_at.toISOString().slice(0, 10)}`,
          "personal data lies where nobody uses it, and the tenant cannot be moved or deleted",
          `run clarity tenant move-confirm ${slug}, which drops it${unlessGone(from_server)}`,
        )
      : note(
          `${slug}: a move to ${to_server ?? "main"} is open`,
          "it runs, or stopped half-way and is in the way of every other move and of a restore",
          `run it again, or clarity tenant move-abort ${slug}${unlessGone(to_server)}`,
        ),
  );
};

/** The registry's own server answers, or nobody would read this. */
const unlessGone = (server: string | null) =>
  server === null ? "" : `; if database server ${server} is gone for good, with --force-reason <why>`;

export const restoreFindings: Check = async ({ ctx }) => {
  const rows = await ctx.registry.sql<
    { slug: string; to_instant: Date; from_database: string; switched_at: Date | null }[]
  >`
    select slug, to_instant, from_database, switched_at from restores r join tenants t on t.id = r.tenant_id
    where confirmed_at is null order by slug`;
  return rows.map(({ slug, to_instant, from_database, switched_at }) =>
    switched_at
      ? note(
          `${slug}: brought back on ${switched_at.toISOString().slice(0, 10)}, and ${from_database} is kept since`,
          "personal data lies where nobody uses it, and the tenant cannot be moved or restored again",
          `look at what the restore reported, then run clarity tenant restore-confirm ${slug}, which drops it`,
        )
      : note(
          `${slug}: a restore to ${to_instant.toISOString()} is open`,
          "it runs, or stopped half-way and is in the way of every other restore and of a move",
          `run it again, or clarity tenant restore-abort ${slug}`,
        ),
  );
};

/** The end of a code freeze is told this long before, ms. */
const soonMs = 7 * 86_400_000;

export const pinFindings: Check = async ({ ctx, records, now }) => {
  const living = await livingInstances(ctx);
  return records.flatMap(({ slug, pin, upstream }) => {
    if (!pin) return [];
    const until = pin.until.toISOString().slice(0, 10);
    const what = `${slug}: pinned to version ${pin.version} until ${until} (${pin.reason})`;
    if (pin.until <= now) {
      return [
        bad(
          `${what}, which is over`,
          "it runs code that gets no fixes, and holds back contracting migrations",
          "unpin it, or agree on a new date with who asked for it",
        ),
      ];
    }
    const other = serversOf(living, { upstream }).find(({ version }) => version !== pin.version);
    if (other) {
      return [
        bad(
          `${what}, and served by version ${other.version} at ${other.audience}`,
          "a code freeze was promised; a tenant that is not served would be worse, so it is served all the same",
          `start that instance with version ${pin.version}, or clarity tenant unpin ${slug} once who asked for it agrees`,
        ),
      ];
    }
    if (pin.until.getTime() - now.getTime() > soonMs) return [];
    return [note(what, "it will be moved to current code", "tell who asked for it")];
  });
};

/** Nothing is broken by a flag that outlived its date, so the check still passes; its owner is asked. */
export const flagFindings: Check = async () =>
  overdueFlags().map(({ key, owner, expiresOn, advice }) =>
    note(
      `flag ${key} of ${owner} was to be looked at by ${expiresOn}`,
      "a flag nobody looks at is a branch nobody tests",
      advice,
    ),
  );
