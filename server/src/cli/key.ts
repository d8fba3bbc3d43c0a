import { Command } from "commander";
import { initMasterKey } from "../operations/keys/make-master-key.ts";
import { masterKeyStatus } from "../operations/keys/master-key-status.ts";
import { rotateAllDataKeys } from "../operations/keys/rotate-all-data-keys.ts";
import { rotateDataKeys } from "../operations/keys/rotate-data-key.ts";
import { retireMasterKeys, rotateMasterKey } from "../operations/keys/rotate-master-key.ts";
import { TenantUnknown } from "../tenant/errors.ts";
import { table } from "./output.ts";
import { reasonHelp, requireReason } from "./reason.ts";
import type { CommonOptions, Run } from "./run.ts";

export function keyCommand(run: Run): Command {
  const key = new Command("key").description("tenants' data keys, which seal their secrets");
  key
    .command("rotate [tenant]")
    .description("a new data key, everything sealed anew, the old one destroyed; run again to go on")
    .option("--all", "every active and suspended tenant")
    .option("--reason <text>", reasonHelp)
    .option("--json")
    .action(rotate(run));
  return key;
}

export function masterKeyCommand(run: Run): Command {
  const masterKey = new Command("master-key").description("the key over all tenants' data keys");
  masterKey
    .command("init")
    .description("make the key file of a new platform; refused where the registry knows tenants")
    .option("--json")
    .action(init(run));
  masterKey
    .command("rotate")
    .description("a new master key, every data key wrapped anew; run again to go on")
    .option("--prepare", "only make the new key, so that its file can be copied to other hosts first")
    .option("--json")
    .action(rotateMaster(run));
  masterKey
    .command("status")
    .description("which master keys there are, and how many data keys need each")
    .option("--json")
    .action(status(run));
  masterKey
    .command("retire")
    .description("remove older master keys, once nothing needs them")
    .option("--json")
    .action(retire(run));
  return masterKey;
}

interface RotateOptions extends CommonOptions {
  all?: boolean;
  reason?: string;
}

const rotate =
  (run: Run) =>
  (slug: string | undefined, { all = false, reason, json = false }: RotateOptions) =>
    run({ json }, async (ctx) => {
      if ((slug === undefined) !== all) throw new Error("name one tenant, or --all");
      if (slug !== undefined && !(await ctx.registry.findBySlug(slug)))
        throw new TenantUnknown(`no tenant ${slug}`);
      const rotated =
        slug === undefined
          ? await rotateAllDataKeys({ ctx, input: { reason: requireReason(reason) } })
          : await rotateDataKeys({ ctx, input: { slugs: [slug] } });
      const failed = rotated.filter(({ error }) => error !== null);
      const rows = rotated.map(({ slug, from, to, resealed, error }) => [
        slug,
        error ?? `key ${from} → ${to}, ${resealed} secrets sealed anew`,
      ]);
      return {
        json: { tenants: rotated, failed: failed.length },
        text: rows.length > 0 ? table(rows) : "no tenants yet",
        failed: failed.length > 0,
      };
    });

const init = (run: Run) => (options: CommonOptions) =>
  run(options, async (ctx) => {
    const made = await initMasterKey({ ctx });
    const advice = "copy it to every host that runs a server, and to a place that survives them all";
    return { json: made, text: `${made.file} is made: ${advice}` };
  });

const rotateMaster =
  (run: Run) =>
  ({ prepare = false, json = false }: CommonOptions & { prepare?: boolean }) =>
    run({ json }, async (ctx) => {
      const rotated = await rotateMasterKey({ ctx, input: { prepareOnly: prepare } });
      const [newest, ...older] = rotated.keys;
      const next = prepare
        ? "copy it to every host that runs a server, then run clarity master-key rotate"
        : older.length > 0
          ? `${older.join(", ")} can go: clarity master-key retire`
          : "no older key is left";
      return { json: rotated, text: `${newest} wraps; ${rotated.rewrapped} data keys wrapped anew; ${next}` };
    });

const status = (run: Run) => (options: CommonOptions) =>
  run(options, async (ctx) => {
    const answer = await masterKeyStatus({ ctx });
    const { underNewest, underOlder, unreadable } = answer.dataKeys;
    const keys = answer.keys.map(({ name, madeAt }, index) => [
      name,
      madeAt ? `made ${madeAt.toISOString()}` : "made there",
      index === 0 ? "wraps" : underOlder > 0 ? "still needed" : "can go: clarity master-key retire",
    ]);
    const advice = underOlder > 0 ? ": clarity master-key rotate wraps them anew" : "";
    const lost = `no key here opens those of ${unreadable.join(", ")}: put back the file or key they were made with`;
    return {
      json: answer,
      text: [
        table(keys),
        `${underNewest} data keys under the newest, ${underOlder} under an older one${advice}`,
        ...(unreadable.length > 0 ? [lost] : []),
      ].join("\n"),
      failed: unreadable.length > 0,
    };
  });

const retire = (run: Run) => (options: CommonOptions) =>
  run(options, async (ctx) => {
    const removed = await retireMasterKeys({ ctx });
    return {
      json: { removed },
      text: removed.length > 0 ? `removed ${removed.join(", ")}` : "there is no older master key",
    };
  });
