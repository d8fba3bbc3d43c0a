import type { Command } from "commander";
import { pinTenant } from "../operations/placement/pin-tenant.ts";
import { unpinTenant } from "../operations/placement/unpin-tenant.ts";
import { dayOrMoment } from "./instant.ts";
import type { CommonOptions, Run } from "./run.ts";

interface PinOptions extends CommonOptions {
  version: string;
  reason: string;
  until: Date;
  instance?: string;
}

export function addPinCommands(tenant: Command, run: Run): void {
  tenant
    .command("pin <slug>")
    .description("a code freeze: an instance of that version serves it, and no migration touches it")
    .requiredOption("--version <version>", "of a living instance; clarity instance list shows them")
    .requiredOption("--reason <reason>", "why; kept in the registry and the operators' audit log")
    .requiredOption("--until <time>", "a day or an instant, such as 2027-01-07T06:00Z", dayOrMoment)
    .option("--instance <url>", "which, when several are of that version")
    .option("--json")
    .action(pin(run));
  tenant
    .command("unpin <slug>")
    .description("end its code freeze: it goes back to where it was served before")
    .option("--json")
    .action(unpin(run));
}

const pin = (run: Run) => (slug: string, options: PinOptions) =>
  run(options, async (ctx) => {
    const { version, reason, until, instance } = options;
    const home = await pinTenant({
      ctx,
      input: { slug, version, reason, until, ...(instance && { instance }) },
    });
    return {
      json: { slug, version, reason, until, instance: home.audience },
      text: `${slug} is served by ${home.audience} (version ${version}) until ${until.toISOString()} at least`,
    };
  });

const unpin = (run: Run) => (slug: string, options: CommonOptions) =>
  run(options, async (ctx) => {
    const { audience, stays } = await unpinTenant({ ctx, input: { slug } });
    const advice =
      stays && ` for now: ${stays}; run clarity migrate, then clarity tenant move ${slug} --instance`;
    return {
      json: { slug, instance: audience, stays },
      text: `${slug} is not pinned any more and is served by ${audience}${advice ?? ""}`,
    };
  });
