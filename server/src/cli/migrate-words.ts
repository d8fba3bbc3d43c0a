import type { TenantDrift } from "../operations/migration/find-drift.ts";
import type { FleetStatus, RunStatus } from "../operations/migration/fleet-status.ts";
import type { FleetMigration } from "../operations/migration/migrate-tenants.ts";
import type { Rehearsal } from "../operations/migration/rehearse.ts";
import { table } from "./output.ts";
import { oneLine } from "./printable.ts";

/** A fleet's tenants that went well are counted; what did not is named. */
const namedAtMost = 20;

export function describeMigration({ tenants, target, state, reason, resumed }: FleetMigration): string {
  if (tenants.length === 0 && state === "finished") return `every tenant is at schema ${target}`;
  const done = tenants.filter(({ outcome }) => outcome === "done");
  const others = tenants.filter(({ outcome }) => outcome !== "done");
  const named = done.length <= namedAtMost ? tenants : others;
  const rows = named.map(({ slug, ring, from, to, outcome, error, waits }) => [
    ring,
    slug,
    from === to ? String(from) : `${from} → ${to}`,
    outcome,
    error ?? waits ?? "",
  ]);
  const lines = [
    ...(rows.length > 0 ? [table(rows)] : []),
    `${done.length} at schema ${target}, ${others.length} not${resumed ? "; went on with a run that was killed" : ""}`,
    ...(reason === null ? [] : [oneLine(`halted: ${reason}`)]),
  ];
  return lines.join("\n");
}

export function describeStatus({
  target,
  minimum,
  run,
  rings,
  parked,
  instances,
  drifted,
}: FleetStatus): string {
  const lists: [string, string[]][] = [
    ["parked", parked.map(({ slug, schemaVersion, reason }) => `${slug} at ${schemaVersion}: ${reason}`)],
    ["drifted", drifted.map(({ slug, differences }) => `${slug}: ${differences.join(", ")}`)],
    [
      "servers",
      instances.map(
        ({ audience, version, schemaVersion, minimumSchemaVersion }) =>
          `${audience}: version ${version}, schemas ${minimumSchemaVersion} to ${schemaVersion}`,
      ),
    ],
  ];
  return [
    `this code: schema ${target}, serves from ${minimum} on`,
    run ? describeRun(run) : "no run yet",
    table([
      ["ring", "tenants", "at target", "behind", "refused", "parked", "pinned"],
      ...rings.map(({ ring, ...counts }) => [
        ring,
        ...[counts.tenants, counts.atTarget, counts.behind, counts.refused, counts.parked, counts.pinned].map(
          String,
        ),
      ]),
    ]),
    ...lists
      .filter(([, items]) => items.length > 0)
      .map(([name, items]) => `${name}:\n  ${items.map(oneLine).join("\n  ")}`),
  ].join("\n");
}

function describeRun({
  state,
  slug,
  target,
  ring,
  done,
  failed,
  total,
  reason,
  operator,
  startedAt,
}: RunStatus) {
  const what = `last run to ${target}${slug === null ? "" : ` of ${slug}`} by ${operator} at ${startedAt.toISOString()}`;
  const how = `${state}${ring ? ` in ${ring}` : ""}, ${done} of ${total} done, ${failed} failed`;
  return oneLine(`${what}: ${how}${reason === null ? "" : `; ${reason}`}`);
}

export function describeDrift(found: readonly TenantDrift[]): string {
  const lines = found.flatMap(({ slug, schemaVersion, differences, error }) => [
    ...(error === null ? [] : [`${slug}: ${error}`]),
    ...(differences.length === 0 ? [] : [`${slug} at schema ${schemaVersion}:`]),
    ...differences.map(({ kind, object }) => `  ${kind} ${object}`),
  ]);
  const same = found.filter(({ differences, error }) => differences.length === 0 && error === null).length;
  return [...lines.map(oneLine), `${same} of ${found.length} are as their migrations make them`].join("\n");
}

export function describeRehearsals(rehearsals: readonly Rehearsal[]): string {
  if (rehearsals.length === 0) return "nothing to rehearse: every tenant is at this code's schema";
  return rehearsals
    .flatMap(({ slug, from, to, clone, migrations, differences }) => [
      `${slug}: ${from} → ${to} on a copy of ${megabytes(clone.sizeBytes)} (${clone.method}, ${Math.round(clone.tookMs)} ms)`,
      ...migrations.map(({ name, tookMs, error }) => `  ${name}: ${error ?? `${Math.round(tookMs)} ms`}`),
      ...differences.map(({ kind, object }) => `  ${kind} ${object}`),
    ])
    .map(oneLine)
    .join("\n");
}

const megabytes = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MB`;
