import { Command } from "commander";
import { type FlagKey, type FlagValue, flagDefinitions, isFlagKey } from "../tenant/flags/definitions.ts";
import { dayOrMoment } from "./instant.ts";
import { table } from "./output.ts";
import { type CommonOptions, openBySlug, type Run } from "./run.ts";

interface SetOptions extends CommonOptions {
  reason?: string;
  until?: string;
}

export function flagCommand(run: Run): Command {
  const flag = new Command("flag").description("feature flags of a tenant");
  flag
    .command("list <tenant>")
    .description("every flag, its value here and why")
    .option("--json")
    .action(list(run));
  flag
    .command("set <tenant> <key> <value>")
    .description("a value of this tenant's own, in place of the default")
    .option("--reason <text>", "for whoever finds it later")
    .option("--until <time>", "ISO 8601, such as 2026-12-24T18:00Z: the default counts again from then on")
    .option("--json")
    .action(set(run));
  flag
    .command("unset <tenant> <key>")
    .description("the default counts again")
    .option("--json")
    .action(unset(run));
  return flag;
}

const list = (run: Run) => (slug: string, options: CommonOptions) =>
  run(options, async (operator) => {
    const overrides = await (await openBySlug(operator, slug, { evenSuspended: true })).flags.list();
    const defined = Object.entries(flagDefinitions).map(([key, definition]) => {
      const override = overrides.find((candidate) => candidate.key === key) ?? null;
      const counts = override !== null && (override.expiresAt === null || override.expiresAt > new Date());
      return { key, value: counts ? override.value : definition.default, override, ...definition };
    });
    const gone = overrides.filter(({ key }) => !isFlagKey(key));
    const rows = defined.map(({ key, value, override, owner, expiresOn, description }) => [
      key,
      String(value),
      override ? sourceOf(override) : "default",
      `${owner}, until ${expiresOn}`,
      description,
    ]);
    const unknown = gone.map(({ key, value }) => [key, String(value), "no flag of this code", "", ""]);
    const head = ["flag", "value", "from", "owner", "what it is for"];
    return { json: { flags: defined, unknown: gone }, text: table([head, ...rows, ...unknown]) };
  });

const sourceOf = ({
  setBy,
  reason,
  expiresAt,
}: {
  setBy: string;
  reason: string | null;
  expiresAt: Date | null;
}) => [setBy, reason, expiresAt && `until ${expiresAt.toISOString()}`].filter(Boolean).join(", ");

const set =
  (run: Run) =>
  (slug: string, key: string, text: string, { reason, until, json = false }: SetOptions) =>
    run({ json }, async (operator) => {
      const known = flagKey(key);
      const value = parse(known, text);
      const expiresAt = until === undefined ? undefined : dayOrMoment(until);
      const { flags } = await openBySlug(operator, slug, { evenSuspended: true });
      await flags.set(known, value, { reason, expiresAt });
      return { json: { key, value, until: expiresAt ?? null }, text: `${key} is ${value} for ${slug}` };
    });

const unset = (run: Run) => (slug: string, key: string, options: CommonOptions) =>
  run(options, async (operator) => {
    const { flags } = await openBySlug(operator, slug, { evenSuspended: true });
    const was = await flags.unset(key);
    if (!was) flagKey(key);
    return { json: { key, unset: was }, text: was ? `${key} has its default again` : `${key} was not set` };
  });

function flagKey(key: string): FlagKey {
  if (isFlagKey(key)) return key;
  throw new Error(`no flag ${key}; there are: ${Object.keys(flagDefinitions).join(", ")}`);
}

function parse<K extends FlagKey>(key: K, text: string): FlagValue<K> {
  const type: string = typeof flagDefinitions[key].default;
  if (type === "string") return text as never;
  if (type === "boolean" && /^(true|false)$/.test(text)) return (text === "true") as never;
  if (type === "number" && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text) as never;
  throw new Error(`${key} is a ${type}: ${JSON.stringify(text)} is none`);
}
