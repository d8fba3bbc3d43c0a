import { Command } from "commander";
import type { Operator } from "../operations/operator.ts";
import { type SettingKey, type SettingValue, settingDefinitions } from "../tenant/settings.ts";
import { isSecret } from "../tenant/settings-store.ts";
import { type Answer, table } from "./output.ts";
import { oneLine } from "./printable.ts";
import { type CommonOptions, openBySlug, type Run } from "./run.ts";
import { neverAnArgument, secretArgument } from "./secrets-given.ts";
import { tellProvider } from "./tell-provider.ts";
import { readSecret, type SecretPlace, type Terminal } from "./terminal.ts";

export function settingCommand(run: Run, terminal: Terminal): Command {
  const setting = new Command("setting").description("a tenant's settings; secrets are never printed");
  setting
    .command("list <tenant>")
    .description("every setting, its value and use")
    .option("--json")
    .action(list(run));
  setting.command("get <tenant> <key>").description("one setting").option("--json").action(get(run));
  setting
    .command("unset <tenant> <key>")
    .description("take the value away: the default counts again")
    .option("--json")
    .action(unset(run));
  setting
    .command("set <tenant> <key> [value]")
    .description(
      `JSON, or plain text; \`-\` or no value reads standard input. A secret is taken from ${neverAnArgument}`,
    )
    .option("--file <path>", "read the value from a file")
    .option("--env <name>", "read the value from an environment variable")
    .option("--json")
    .action(set(run, terminal));
  return setting;
}

const list = (run: Run) => (slug: string, options: CommonOptions) =>
  run(options, async (operator) => {
    const settings = await (await openBySlug(operator, slug)).settings.list();
    const cell = ({ secret, source, value }: (typeof settings)[number]) =>
      secret && source === "stored" ? "(secret)" : source === "missing" ? "–" : JSON.stringify(value);
    const rows = settings.map((item) => [item.key, item.kind, item.source, cell(item), item.help]);
    return { json: settings, text: table([["setting", "kind", "from", "value", "what it is for"], ...rows]) };
  });

const get = (run: Run) => (slug: string, key: string, options: CommonOptions) =>
  run(options, async (operator) => {
    const known = settingKey(key);
    const { settings } = await openBySlug(operator, slug);
    const value = await settings.get(known);
    const shown = isSecret(known) ? "(secret)" : value;
    return {
      json: { key, value: shown },
      text: typeof shown === "string" ? oneLine(shown) : JSON.stringify(shown, null, 2),
    };
  });

const set =
  (run: Run, terminal: Terminal) =>
  (
    slug: string,
    key: string,
    given: string | undefined,
    { json = false, ...place }: CommonOptions & SecretPlace,
  ) =>
    run({ json }, async (operator) => {
      const known = settingKey(key);
      const elsewhere = given === undefined || given === "-";
      if (!elsewhere && isSecret(known)) throw secretArgument(key);
      if (!elsewhere && (place.file ?? place.env) !== undefined) {
        throw new Error("the value is given twice: as an argument, and by --file or --env");
      }
      const text = elsewhere ? await readSecret(terminal, place) : given;
      const { settings } = await openBySlug(operator, slug);
      await settings.set(known, parse(known, text));
      return tell(operator, { slug, key: known }, { json: { key, set: true }, text: `${key} is set` });
    });

const unset = (run: Run) => (slug: string, key: string, options: CommonOptions) =>
  run(options, async (operator) => {
    const known = settingKey(key);
    const { settings } = await openBySlug(operator, slug);
    const was = await settings.unset(known);
    const text = was ? `${key} has its default again` : `${key} was not set`;
    return tell(operator, { slug, key: known }, { json: { key, unset: was }, text });
  });

/** Of these the provider's card frame must hear. */
const ofCardFrame: readonly SettingKey[] = [
  "embed.origins",
  "provider",
  "provider.secretKey",
  "provider.webhookSecret",
];

const tell = async (operator: Operator, of: { slug: string; key: SettingKey }, answer: Answer) =>
  ofCardFrame.includes(of.key) ? tellProvider(operator, of.slug, answer) : answer;

function settingKey(key: string): SettingKey {
  if (Object.hasOwn(settingDefinitions, key)) return key as SettingKey;
  throw new Error(`no setting ${key}; there are: ${Object.keys(settingDefinitions).join(", ")}`);
}

/** Text as it is when the setting is text, else JSON. @throws ZodError */
function parse<K extends SettingKey>(key: K, text: string): SettingValue<K> {
  // Checked where it is sealed: no word about it may hold a part of it.
  if (isSecret(key)) return text as SettingValue<K>;
  const { schema } = settingDefinitions[key];
  const asText = schema.safeParse(text);
  if (asText.success) return asText.data as SettingValue<K>;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw asText.error;
  }
  return schema.parse(value) as SettingValue<K>;
}
