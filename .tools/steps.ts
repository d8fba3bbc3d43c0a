/** The static checks, in the order CI runs them. Each is one line of output when it passes. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

export interface Step {
  name: string;
  command: string;
  args: string[];
}

const tool = (name: string, file: string): Step => ({
  name,
  command: process.execPath,
  args: [`.tools/${file}`],
});

export const checks: Step[] = [
  { name: "widget builds within its size limits", command: process.execPath, args: ["widget/build.ts"] },
  {
    name: "portal builds within its size limit",
    command: process.execPath,
    args: ["server/portal/build.ts"],
  },
  { name: "format and lint", command: "biome", args: ["check", "--error-on-warnings", "."] },
  ...["widget", "bff", "themes", "server", "server/portal", "demo", "e2e", "."].map((dir) => ({
    name: `types: ${dir}`,
    command: "tsc",
    args: ["-p", dir],
  })),
  tool("imports keep the house's walls", "walls.ts"),
  tool("no rooms stand in a circle", "circles.ts"),
  tool("no program reaches what it may not hold", "reach.ts"),
  tool("every path and generated table in the docs is right", "docs.ts"),
  { name: "no dead code", command: "knip", args: ["--config", ".tools/knip.json", "--no-progress"] },
];

/** Runs one step quietly; its output is shown only when it fails. */
export function runStep(step: Step): boolean {
  const started = performance.now();
  const done = spawnSync(step.command, step.args, { cwd: root, encoding: "utf8" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const ok = done.status === 0;
  console.log(`${ok ? "✓" : "✗"} ${step.name} (${seconds} s)`);
  if (!ok) console.log(done.error ? String(done.error) : `${done.stdout}${done.stderr}`);
  return ok;
}
