import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import {
  addEmbedKey,
  EmbedAlgorithm,
  listEmbedKeys,
  type NewEmbedKey,
  revokeEmbedKey,
} from "../sessions/embed-keys.ts";
import { table } from "./output.ts";
import { type CommonOptions, openBySlug, type Run } from "./run.ts";

interface AddOptions extends CommonOptions {
  id?: string;
  algorithm: EmbedAlgorithm;
  secretFile?: string;
  jwkFile?: string;
  jwksUrl?: string;
}

export function embedKeyCommand(run: Run): Command {
  const embedKey = new Command("embed-key").description("keys that sign embed tokens on the ERP side");
  embedKey
    .command("add <tenant>")
    .description("register a key; HS256 without a file makes a secret and prints it this once")
    .option("--id <id>", "the token's `iss`; default: made up")
    .addOption(new Option("--algorithm <alg>").choices(EmbedAlgorithm.options).default("HS256"))
    .option("--secret-file <file>", "HS256: the secret, at least 32 bytes of text")
    .option("--jwk-file <file>", "a public key as JWK")
    .option("--jwks-url <url>", "where public keys are published, https")
    .option("--json")
    .action(add(run));
  embedKey.command("list <tenant>").description("keys, revoked ones too").option("--json").action(list(run));
  embedKey
    .command("revoke <tenant> <id>")
    .description("refuse its tokens from now on, and end the sessions it vouched for within 2 s")
    .option("--json")
    .action(revoke(run));
  return embedKey;
}

const add =
  (run: Run) =>
  (slug: string, { json = false, ...options }: AddOptions) =>
    run({ json }, async (operator) => {
      const { id, algorithm, secretFile, jwkFile, jwksUrl } = options;
      const input = {
        ...(id !== undefined && { id }),
        algorithm,
        ...(secretFile !== undefined && { secret: readFileSync(secretFile, "utf8").trim() }),
        ...(jwkFile !== undefined && { jwk: readJson(jwkFile) }),
        ...(jwksUrl !== undefined && { jwksUrl }),
      } as NewEmbedKey;
      const added = await addEmbedKey({ ctx: await openBySlug(operator, slug), input });
      const secret = added.secret ? `\nsecret, shown this once: ${added.secret}` : "";
      return { json: added, text: `${added.algorithm} key ${added.id} is registered${secret}` };
    });

/** The parser's own message quotes the file, which may be a private key by mistake. */
function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw error instanceof SyntaxError ? new Error(`${file} is not JSON`) : error;
  }
}

const list = (run: Run) => (slug: string, options: CommonOptions) =>
  run(options, async (operator) => {
    const keys = await listEmbedKeys({ ctx: await openBySlug(operator, slug) });
    const rows = keys.map((key) => [key.id, key.algorithm, key.kind, key.revokedAt ? "revoked" : "in use"]);
    return {
      json: keys,
      text: keys.length > 0 ? table([["id", "algorithm", "kind", "state"], ...rows]) : "no embed keys yet",
    };
  });

const revoke = (run: Run) => (slug: string, id: string, options: CommonOptions) =>
  run(options, async (operator) => {
    await revokeEmbedKey({ ctx: await openBySlug(operator, slug), input: { id } });
    return { json: { id, revoked: true }, text: `${id} is revoked` };
  });
