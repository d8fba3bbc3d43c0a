/**
 * Holds the docs against the code: every relative link and every path in backticks exists, and the
 * generated blocks (`<!-- generated: name -->` … `<!-- end -->`) are what the code says. `--write` mends the blocks.
 * Each stands in one place: pages that need it link there, and no row of it is copied by hand.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { environmentTables } from "./environment-tables.ts";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const write = process.argv.includes("--write");
const pages = globSync(["*.md", "{widget,bff,themes,server,demo,e2e}/**/*.md"], {
  exclude: (name) => /node_modules|dist/.test(String(name)),
});
const problems: string[] = [];
const homes = new Map<string, string[]>();

const generators: Record<string, () => Promise<string>> = {
  tokens: async () => (await import("../themes/src/token-table.ts")).tokenTableMarkdown(),
  ...Object.fromEntries(
    Object.entries(environmentTables).map(([name, table]) => [name, async () => table()]),
  ),
  metrics: async () => (await import("./metric-table.ts")).metricTableMarkdown(),
};

for (const page of pages) {
  const text = readFileSync(page, "utf8");
  checkPaths(page, text);
  await checkBlocks(page, text);
}
for (const name of Object.keys(generators)) await checkCopies(name);
for (const problem of problems) console.error(problem);
console.log(`${pages.length} pages, ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);

function checkPaths(page: string, text: string) {
  const prose = text.replace(/```[\s\S]*?```/g, "");
  const links = [...prose.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map((match) => match[1] ?? "");
  for (const link of links) {
    if (!existsSync(normalize(join(dirname(page), link))))
      problems.push(`${page}: the link ${link} leads nowhere`);
  }
  const paths = [...prose.matchAll(/`((?:widget|bff|themes|server|demo|e2e|\.tools|\.ci)\/[\w./-]+)`/g)].map(
    (match) => match[1] ?? "",
  );
  for (const path of paths) {
    if (!/\/dist(?:\/|$)/.test(path) && !existsSync(path)) problems.push(`${page}: there is no ${path}`);
  }
}

async function checkBlocks(page: string, text: string) {
  let mended = text;
  for (const match of text.matchAll(/<!-- generated: (\w+) -->\n([\s\S]*?)<!-- end -->/g)) {
    const [whole, name = "", body = ""] = match;
    const generate = generators[name];
    if (!generate) problems.push(`${page}: nothing generates ${name}`);
    const fresh = generate ? `${(await generate()).trim()}\n` : body;
    if (fresh === body) continue;
    if (write) mended = mended.replace(whole, () => `<!-- generated: ${name} -->\n${fresh}<!-- end -->`);
    else problems.push(`${page}: the generated block ${name} is out of date: npm run fix`);
  }
  if (mended !== text) writeFileSync(page, mended);
}

/** By hand, outside every generated block; looked for by the first cell of each row: a copy goes stale in the others. */
async function checkCopies(name: string) {
  const firstCells = (text: string) =>
    [...text.matchAll(/^\| *(`[^`|]+`) *\|/gm)].map((match) => match[1] ?? "");
  const rows = new Set(firstCells((await generators[name]?.()) ?? ""));
  for (const page of pages) {
    const text = readFileSync(page, "utf8");
    const byHand = text.replace(/<!-- generated: \w+ -->[\s\S]*?<!-- end -->/g, "");
    const times = text.split(`<!-- generated: ${name} -->`).length - 1;
    if (times > 0) homes.set(name, [...(homes.get(name) ?? []), page]);
    if (times > 1) problems.push(`${page}: ${name} is generated into it ${times} times`);
    if (firstCells(byHand).filter((cell) => rows.has(cell)).length > 1)
      problems.push(`${page}: rows of ${name}, copied: link to where they are generated`);
  }
  if (homes.get(name)?.length !== 1)
    problems.push(`${name} is generated into ${homes.get(name)?.join(", ") ?? "no page"}: one page`);
}
