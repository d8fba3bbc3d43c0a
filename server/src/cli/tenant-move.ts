import { type Command, Option } from "commander";
import { sharedAudience } from "../../contract/index.ts";
import type { Operator } from "../operations/operator.ts";
import { abortMove } from "../operations/placement/abort-move.ts";
import { confirmMove } from "../operations/placement/confirm-move.ts";
import type { EndedMove } from "../operations/placement/lost-server.ts";
import { moveTenant } from "../operations/placement/move-tenant.ts";
import type { NewMove } from "../operations/placement/request-move.ts";
import { loadOpenMove, type MoveRecord } from "../operations/records/move-record.ts";
import { mainServer } from "../operations/servers/database-servers.ts";
import { type Answer, table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";
import { tellWhatStaysOpen } from "./stays-open.ts";

interface EndOptions extends CommonOptions {
  forceReason?: string;
}

interface MoveOptions extends CommonOptions {
  databaseServer?: string;
  instance?: string;
  tier?: NewMove["tier"];
  pauseAndCopy?: boolean;
}

const serverHelp = "a name of clarity database-server list, or main: the registry's own";
const copyHelp = "copy the rows in the pause, also where they could follow while it is served";

export function addMoveCommands(tenant: Command, run: Run): void {
  tenant
    .command("move <slug>")
    .description("bring it to another database server or instance; run again after an interruption")
    .option("--database-server <name>", `${serverHelp}; default: it stays`)
    .option("--instance <url>", "base URL of a living instance, or shared; default: it stays")
    .option("--pause-and-copy", copyHelp)
    .option("--json")
    .action(move(run, (options) => options));
  tenant
    .command("promote <slug>")
    .description(
      "tier dedicated: an instance and a database server of its own; run again after an interruption",
    )
    .requiredOption("--database-server <name>", serverHelp)
    .requiredOption("--instance <url>", "base URL of a living instance")
    .option("--pause-and-copy", copyHelp)
    .option("--json")
    .action(move(run, toOwnInstance));
  tenant
    .command("demote <slug>")
    .description("back to the shared servers; run again after an interruption")
    .option("--database-server <name>", serverHelp, mainServer)
    .addOption(new Option("--tier <tier>").choices(["standard", "starter"]).default("standard"))
    .option("--pause-and-copy", copyHelp)
    .option("--json")
    .action(move(run, (options) => ({ ...options, instance: sharedAudience })));
  tenant
    .command("move-confirm <slug>")
    .description("drop the old copy of a tenant that has moved, for good")
    .option("--force-reason <reason>", "why the old copy's server is gone for good: what is there is left")
    .option("--json")
    .action(confirm(run));
  tenant
    .command("move-abort <slug>")
    .description("end a move that has not switched yet: it is served where it was")
    .option("--force-reason <reason>", "why the server it led to is gone for good: what is there is left")
    .option("--json")
    .action(abort(run));
}

function toOwnInstance(options: MoveOptions): MoveOptions {
  if (options.instance === sharedAudience) {
    throw new Error(
      "promote takes a tenant to an instance of its own: clarity instance list shows who lives; " +
        "clarity tenant move --instance shared brings it back to the shared servers",
    );
  }
  return { ...options, tier: "dedicated" };
}

const move =
  (run: Run, wantedOf: (options: MoveOptions) => MoveOptions) => (slug: string, options: MoveOptions) =>
    run(options, async (ctx) => {
      const { databaseServer, instance, tier, pauseAndCopy } = wantedOf(options);
      if (!databaseServer && !instance) throw new Error("say where to: --database-server or --instance");
      const input = {
        slug,
        ...(databaseServer && { databaseServer }),
        ...(instance && { instance }),
        ...(tier && { tier }),
        ...(pauseAndCopy && { pauseAndCopy }),
      };
      const moved = await tellWhatStaysOpen({
        work: () => moveTenant({ ctx, input }),
        open: () => openMove(ctx, slug),
      });
      if (!moved) return { json: { slug, moved: false }, text: `${slug} lives there already` };
      return { json: { moved: true, ...moved }, text: describe(moved) };
    });

async function openMove(ctx: Operator, slug: string): Promise<string | null> {
  const record = await ctx.registry.findBySlug(slug);
  const open = record && (await loadOpenMove(ctx.registry.sql, record.id));
  return open && !open.switchedAt ? `the move stays open; clarity tenant move-abort ${slug} ends it` : null;
}

const confirm =
  (run: Run) =>
  (slug: string, options: EndOptions): Promise<void> =>
    run(options, async (ctx): Promise<Answer> => {
      const { forceReason = null } = options;
      const confirmed = await confirmMove({ ctx, input: { slug, forceReason } });
      const lives = `${slug} lives at ${placeOf(confirmed.to)}`;
      return { json: confirmed, text: whatIsLeft(confirmed, lives) ?? `the old copy is gone: ${lives}` };
    });

const abort =
  (run: Run) =>
  (slug: string, options: EndOptions): Promise<void> =>
    run(options, async (ctx): Promise<Answer> => {
      const { forceReason = null } = options;
      const aborted = await abortMove({ ctx, input: { slug, forceReason } });
      const lives = `${slug} lives at ${placeOf(aborted.from)}`;
      return { json: aborted, text: whatIsLeft(aborted, lives) ?? `as before, ${lives}` };
    });

function whatIsLeft({ loss }: EndedMove, lives: string): string | null {
  if (!loss) return null;
  const { server, database, role } = loss.left;
  return `${lives}; should ${server} come back, database ${database} and role ${role} are left there`;
}

const placeOf = ({ server, upstream }: MoveRecord["to"]) =>
  `database server ${server ?? mainServer}, served by ${upstream ?? "the shared servers"}`;

function describe({ slug, to, method, methodReason, pauseMs, verified, confirmedAt }: MoveRecord): string {
  const where = `${slug} lives at ${placeOf(to)}, tier ${to.tier}`;
  if (!verified) return where;
  const rows = Object.values(verified).reduce((sum, digest) => sum + digest.rows, 0);
  return table([
    [where],
    [`by ${method}${methodReason ? `: ${methodReason}` : ""}`],
    [`not served for ${pauseMs} ms`],
    [`${rows} rows in ${Object.keys(verified).length} tables, the same on both sides`],
    [
      confirmedAt
        ? "the old copy is gone"
        : `the old copy is kept: clarity tenant move-confirm ${slug} drops it`,
    ],
  ]);
}
