import { Command, InvalidArgumentError } from "commander";
import { findPlatform } from "../operations/config.ts";
import { findDrift } from "../operations/migration/find-drift.ts";
import { fleetStatus } from "../operations/migration/fleet-status.ts";
import { type FleetMigration, migrateTenants } from "../operations/migration/migrate-tenants.ts";
import { describeProgress, type Progress } from "../operations/migration/progress.ts";
import { rehearseRings } from "../operations/migration/rehearse-rings.ts";
import { rollBackTenant } from "../operations/migration/roll-back-tenant.ts";
import { type MaxFailures, parseMaxFailures } from "../operations/migration/threshold.ts";
import { preparePlatform } from "../operations/provisioning/prepare-platform.ts";
import { describeDrift, describeMigration, describeRehearsals, describeStatus } from "./migrate-words.ts";
import type { CommonOptions, Run } from "./run.ts";
import type { Terminal } from "./terminal.ts";

interface MigrateOptions extends CommonOptions {
  parallel: number;
  maxFailures?: MaxFailures;
  retryParked?: boolean;
  wait?: boolean;
  dryRun?: boolean;
  tenant?: string;
}

export function migrateCommand(run: Run, terminal: Terminal): Command {
  const command = new Command("migrate").description(
    "tenants' schemas: bring them up to date, look, take back",
  );
  command
    // `clarity migrate` alone is this.
    .command("run", { isDefault: true })
    .description(
      "bring the registry, the template and every tenant to this code's schema, ring by ring; run again to go on",
    )
    .option("--parallel <databases>", "databases at once", parseCount, 4)
    .option(
      "--max-failures <n|n%>",
      "failures a ring may have before the next; default 0 in canary, 2% elsewhere",
      parseLimit,
    )
    .option("--retry-parked", "try parked tenants too")
    .option("--wait", "wait for the end of another run instead of refusing")
    .option("--dry-run", "migrate a copy of one tenant of each ring, say how it went, drop it")
    .option("--tenant <slug>", "only this tenant")
    .option("--json", "machine-readable answer")
    .action(migrate(run, terminal));
  command
    .command("status")
    .description("where the fleet is: the last run, rings, parked tenants, servers, drift")
    .option("--json")
    .action(status(run));
  command
    .command("drift [slug]")
    .description("compare schemas with what their migrations make, and name what differs; fails if any does")
    .option("--json")
    .action(drift(run));
  command
    .command("rollback <slug>")
    .description("take one tenant's last migrations back; it stays parked until retry")
    .requiredOption("--to <version>", "schema version to go back to", parseCount)
    .option("--json")
    .action(rollback(run));
  command
    .command("retry <slug>")
    .description("migrate one tenant, parked or not; it is parked no longer when it gets through")
    .option("--json")
    .action(retry(run));
  return command;
}

const migrate =
  (run: Run, terminal: Terminal) =>
  async ({ dryRun = false, tenant: slug, json = false, ...input }: MigrateOptions) => {
    if (dryRun) {
      return run({ json }, async (ctx) => {
        const rehearsals = await rehearseRings({ ctx, input: { slug } });
        return {
          json: rehearsals,
          text: describeRehearsals(rehearsals),
          failed: rehearsals.some(({ migrations }) => migrations.some(({ error }) => error !== null)),
        };
      });
    }
    await preparePlatform(findPlatform(terminal.env));
    return run({ json }, async (ctx) =>
      answer(await migrateTenants({ ctx, input: { ...input, slug }, onProgress: reporter(terminal) })),
    );
  };

const answer = (migration: FleetMigration) => ({
  json: migration,
  text: describeMigration(migration),
  failed:
    migration.state === "halted" ||
    migration.tenants.some(({ outcome }) => outcome === "failed" || outcome === "parked"),
});

const status = (run: Run) => (options: CommonOptions) =>
  run(options, async (ctx) => {
    const found = await fleetStatus({ ctx });
    return { json: found, text: describeStatus(found) };
  });

const drift = (run: Run) => (slug: string | undefined, options: CommonOptions) =>
  run(options, async (ctx) => {
    const found = await findDrift({ ctx, input: { slug } });
    return {
      json: found,
      text: describeDrift(found),
      failed: found.some(({ differences, error }) => differences.length > 0 || error !== null),
    };
  });

const rollback = (run: Run) => (slug: string, options: CommonOptions & { to: number }) =>
  run(options, async (ctx) => {
    const done = await rollBackTenant({ ctx, input: { slug, to: options.to } });
    return {
      json: done,
      text: `${slug} is at schema ${done.to}, was at ${done.from}; parked until clarity migrate retry ${slug}`,
    };
  });

const retry = (run: Run) => (slug: string, options: CommonOptions) =>
  run(options, async (ctx) => answer(await migrateTenants({ ctx, input: { slug, retryParked: true } })));

/** One line a second at most, on standard error: standard output is the answer. */
function reporter(terminal: Terminal): (progress: Progress) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const last = progress.done + progress.failed >= progress.total;
    if (!last && performance.now() - saidAt < 1_000) return;
    saidAt = performance.now();
    terminal.printError(describeProgress(progress));
  };
}

function parseCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 1_000) return count;
  throw new InvalidArgumentError("1 to 1000");
}

function parseLimit(text: string): MaxFailures {
  const limit = parseMaxFailures(text);
  if (limit) return limit;
  throw new InvalidArgumentError("a number of tenants such as 3, or a share of a ring such as 2%");
}
