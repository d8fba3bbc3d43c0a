/**
 * Releases the build in `dist/`, announces a version's end, prints what an admin pastes:
 *
 *     node widget/release.ts <folder> --by "<who lets it on payment pages>"
 *     node widget/release.ts <folder> --retire 0.1.0 --on 2027-06-30
 *     node widget/release.ts <folder> --snippet https://pay.example.com [--version 0.1.0]
 *
 * The folder is what edges are given: README.md, "Versions".
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { manifestIn, release, retire } from "./build/release.ts";
import { originOf, snippets } from "./build/snippet.ts";

const usage = `node widget/release.ts <folder> --by "<who>" | --retire <version> --on <date> | --snippet <origin>`;
const dist = join(import.meta.dirname, "dist");
const today = new Date().toISOString().slice(0, 10);

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      by: { type: "string" },
      retire: { type: "string" },
      on: { type: "string" },
      snippet: { type: "string" },
      version: { type: "string" },
    },
  });
  const [folder] = positionals;
  if (folder === undefined || positionals.length > 1) throw new Error(usage);
  if (values.retire !== undefined && values.on !== undefined) {
    retire({ folder, version: values.retire, retiredOn: values.on, today });
    console.log(`${values.retire} ends on ${values.on}`);
  } else if (values.snippet !== undefined) {
    const version = values.version ?? manifestIn(dist).version;
    const { inPage, aroundFrame } = snippets(originOf(values.snippet), manifestIn(join(folder, version)));
    console.log(`${inPage}\n${aroundFrame}`);
  } else if (values.by?.trim()) {
    const { version, isNew } = release({ dist, folder, authorizedBy: values.by.trim(), today });
    console.log(isNew ? `${version} is released` : `${version} was released before, the same`);
  } else {
    throw new Error(usage);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
