/**
 * Looks at an edge's payment page as a browser gets it, and names what is not as it should be (PCI DSS 4.0.1 11.6.1):
 *
 *     npm run monitor -- https://pay.acme.example --build <folder of the build's manifest.json>
 *     npm run monitor -- https://pay.acme.example --build <folder> --baseline page.json
 *
 * A baseline that is not there is written, for a person to look through; one that is there, the page must still be
 * like. Ends with 0 when all is as it should be, with 1 and a line for each finding when not, with 2 when it could not
 * look. Run it at least weekly, from outside.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Manifest } from "../assets/manifest.ts";
import { askAt } from "./ask.ts";
import { readBaseline, writeBaseline } from "./baseline.ts";
import { changes, findings } from "./findings.ts";
import { look } from "./look.ts";

const usage = "npm run monitor -- <origin> --build <folder> [--baseline <file>]";

try {
  const options = { build: { type: "string" }, baseline: { type: "string" } } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const origin = URL.parse(positionals[0] ?? "")?.origin;
  if (!origin?.startsWith("http") || values.build === undefined) throw new Error(usage);
  const manifest = Manifest.parse(JSON.parse(readFileSync(join(values.build, "manifest.json"), "utf8")));
  const now = await look(askAt(origin), manifest);
  const lines = findings({ look: now, manifest, origin });
  const { baseline } = values;
  if (baseline !== undefined && existsSync(baseline)) {
    lines.push(...changes(readBaseline(readFileSync(baseline, "utf8")), now));
  } else if (baseline !== undefined) {
    writeFileSync(baseline, writeBaseline(now));
    console.log(`${baseline} is written: look through it`);
  }
  for (const line of lines) console.error(line);
  console.log(`${origin}: ${lines.length} findings`);
  process.exit(lines.length === 0 ? 0 : 1);
} catch (error) {
  console.error((error as Error).message);
  process.exit(2);
}
