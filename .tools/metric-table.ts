/** Every metric of edge and server as a Markdown table, from where they are declared. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createMetrics } from "../bff/src/telemetry/metrics.ts";
import { declaredMetrics } from "../server/src/telemetry/metrics.ts";
import { markdownTable } from "./markdown-table.ts";

type Declared = ReturnType<typeof declaredMetrics>[number];

export async function metricTableMarkdown(): Promise<string> {
  // A metric exists once its module is loaded, wherever it stands.
  const declaring = globSync("server/src/**/*.ts").filter(
    (path) => !path.endsWith(".test.ts") && readFileSync(path, "utf8").includes('from "prom-client"'),
  );
  for (const path of declaring) await import(pathToFileURL(join(process.cwd(), path)).href);
  const rows = [...createMetrics().declared(), ...declaredMetrics()].map(cells);
  rows.sort(([one = ""], [other = ""]) => (one < other ? -1 : 1));
  return markdownTable([["metric", "kind", "labels", "what"], ...rows]);
}

function cells(metric: Declared): string[] {
  // prom-client keeps them, and its types do not say so.
  const { labelNames = [] } = metric as Declared & { labelNames?: string[] };
  const labels = labelNames.map((label) => `\`${label}\``).join(", ");
  return [`\`${metric.name}\``, String(metric.type), labels || "–", metric.help.replaceAll("|", "\\|")];
}
