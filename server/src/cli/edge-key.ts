import { Command } from "commander";
import {
  addEdgeKey,
  type EdgeKeyEntry,
  listEdgeKeys,
  retireEdgeKeys,
  useEdgeKey,
} from "../operations/keys/edge-keys.ts";
import { table } from "./output.ts";
import type { CommonOptions, Run } from "./run.ts";

interface FolderOptions extends CommonOptions {
  folder: string;
}

/** The steps of a rotation, in their order: bff/README.md, Keys. */
export function edgeKeyCommand(run: Run): Command {
  const command = new Command("edge-key").description("what signs the edge's tokens: Ed25519 keys in a file");
  const verb = (name: string, about: string) =>
    command
      .command(name)
      .description(about)
      .requiredOption("--folder <path>", "holds edge-key.pem, for edges, and edge-key.pub.pem, for servers")
      .option("--json");
  verb("list", "the keys there are, and which one signs").action(list(run));
  verb("add", "step 1: a new key, which is accepted and signs nothing yet").action(add(run));
  verb("use", "step 2: the newest signs, those before are accepted on").action(use(run));
  verb("retire", "step 3: only the one that signs is left; what others signed ends").action(retire(run));
  return command;
}

const answer = (keys: EdgeKeyEntry[], next?: string) => ({
  json: keys,
  text: [
    table(keys.map(({ id, signs }) => [id, signs ? "signs" : "accepted"])),
    ...(next ? [next] : []),
  ].join("\n"),
});

const list = (run: Run) => (options: FolderOptions) =>
  run(options, async () => answer(await listEdgeKeys({ input: options })));

const add = (run: Run) => (options: FolderOptions) =>
  run(options, async (ctx) =>
    answer(
      await addEdgeKey({ ctx, input: options }),
      "copy edge-key.pub.pem to every server, then edge-key.pem to every edge; 10 s later: clarity edge-key use",
    ),
  );

const use = (run: Run) => (options: FolderOptions) =>
  run(options, async (ctx) =>
    answer(
      await useEdgeKey({ ctx, input: options }),
      "copy edge-key.pem to every edge; 11 minutes later no session needs the others: clarity edge-key retire",
    ),
  );

const retire = (run: Run) => (options: FolderOptions) =>
  run(options, async (ctx) => {
    const removed = await retireEdgeKeys({ ctx, input: options });
    const next = "copy edge-key.pem to every edge, then edge-key.pub.pem to every server";
    return {
      json: { removed },
      text:
        removed.length > 0
          ? `removed ${removed.join(", ")}; ${next}`
          : "there is no key but the one that signs",
    };
  });
