import { Command } from "commander";
import {
  distrustSigningKey,
  initSigningKey,
  listSigningKeys,
  openSigningKey,
  trustSigningKey,
} from "../operations/keys/signing-keys.ts";
import { table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";
import { readInput, type Terminal } from "./terminal.ts";

export function signingKeyCommand(run: Run, terminal: Terminal): Command {
  const command = new Command("signing-key").description(
    "what signs certificates of deletion and exports, and whose signatures are believed",
  );
  command
    .command("show")
    .description("this platform's public key, for those who check what it signs")
    .option("--json")
    .action(show(run));
  command.command("list").description("all that were ever believed").option("--json").action(list(run));
  command
    .command("trust <platform>")
    .description("believe another platform's exports; reads its public key as JWK from standard input")
    .option("--json")
    .action(trust(run, terminal));
  command
    .command("distrust <key>")
    .description("believe a key no more")
    .option("--json")
    .action(distrust(run));
  command
    .command("init")
    .description("begin with a new key, or with the file that lies there; what others signed stays good")
    .option("--reason <why>", "why there is another one; needed once one was used")
    .option("--json")
    .action(init(run));
  return command;
}

const show = (run: Run) => (options: CommonOptions) =>
  run(options, async (ctx) => {
    const { publicJwk } = await openSigningKey(ctx);
    return { json: publicJwk, text: JSON.stringify(publicJwk) };
  });

const list = (run: Run) => (options: CommonOptions) =>
  run(options, async (ctx) => {
    const keys = await listSigningKeys({ ctx });
    const rows = keys.map(({ id, platform, addedBy, addedAt, distrustedAt }) => [
      id,
      platform ?? "(this platform)",
      distrustedAt ? `not since ${distrustedAt.toISOString()}` : "yes",
      `${addedAt.toISOString()} ${addedBy}`,
    ]);
    return {
      json: keys,
      text: rows.length > 0 ? table([["key", "platform", "believed", "added"], ...rows]) : "none yet",
    };
  });

const trust = (run: Run, terminal: Terminal) => (platform: string, options: CommonOptions) =>
  run(options, async (ctx) => {
    const jwk = parseJwk(await readInput(terminal));
    const trusted = await trustSigningKey({ ctx, input: { platform, jwk } });
    return { json: trusted, text: `exports signed with ${trusted.id} are believed to be ${platform}'s` };
  });

const distrust = (run: Run) => (id: string, options: CommonOptions) =>
  run(options, async (ctx) => {
    await distrustSigningKey({ ctx, input: { id } });
    return { json: { id, trusted: false }, text: `${id} is believed no more` };
  });

const init =
  (run: Run) =>
  ({ reason, json = false }: CommonOptions & { reason?: string }) =>
    run({ json }, async (ctx) => {
      const key = await initSigningKey({ ctx, input: { reason: reason?.trim() || null } });
      return { json: key.publicJwk, text: `${key.id} signs from now on: ${JSON.stringify(key.publicJwk)}` };
    });

/** The parser's own message quotes what it was given, which may be a private key by mistake. */
function parseJwk(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("no JWK on standard input: clarity signing-key show prints one at the other platform");
  }
}
