import { Command } from "commander";
import { parseAllowList } from "../network/allow-list.ts";
import { createNetwork } from "../network/network.ts";
import { checkPage } from "../operations/embed/check-page.ts";
import { ownPage, writeOwnPage } from "../operations/embed/own-page.ts";
import type { Operator } from "../operations/operator.ts";
import { findingsAnswer } from "./findings-answer.ts";
import type { CommonOptions, Run } from "./run.ts";

interface PageOptions extends CommonOptions {
  customer?: string;
  out?: string;
  edge?: string;
}

export function embedCommand(run: Run): Command {
  const embed = new Command("embed").description("pages that embed the form");
  embed
    .command("check <url>")
    .description("look at a page as a browser would, and say of each mistake what to change")
    .option("--json")
    .action(check(run));
  embed
    .command("page <tenant>")
    .description("a page that embeds the form, pinned to the build its edge has now")
    .option(
      "--out <folder>",
      "write it there, with a server of its own that signs its tokens; needs --customer",
    )
    .option("--customer <id>", "whom that server signs for, as the ERP has it")
    .option("--edge <origin>", "where browsers reach the tenant; default: as npm start says")
    .option("--json")
    .action(page(run));
  return embed;
}

const networkOf = ({ address }: Operator) =>
  createNetwork({ allow: parseAllowList(address.allowedNetworks ?? "") });

const check = (run: Run) => (url: string, options: CommonOptions) =>
  run(options, async (ctx) =>
    findingsAnswer(await checkPage({ ctx, input: { url, network: networkOf(ctx), now: new Date() } })),
  );

const page = (run: Run) => (slug: string, options: PageOptions) =>
  run(options, async (ctx) => {
    const { customer, out, edge } = options;
    const input = { slug, network: networkOf(ctx), edge };
    if (out === undefined) {
      const html = await ownPage({ ctx, input });
      return { json: { html }, text: html.trimEnd() };
    }
    if (customer === undefined) throw new Error("--out needs --customer: whom its tokens are for");
    const written = await writeOwnPage({ ctx, input: { ...input, folder: out, customer } });
    return { json: written, text: `${out} holds the page and its server: node ${out}/server.mjs` };
  });
