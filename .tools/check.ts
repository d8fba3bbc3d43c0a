/** `npm run check`: format and lint, then types, workspace by workspace. */
import { spawnSync } from "node:child_process";

const steps: [string, ...string[]][] = [
  ["biome", "check", "."],
  ...["widget", "bff", "themes", "server", "demo", "e2e", "."].map((dir): [string, ...string[]] => ["tsc", "-p", dir]),
];
for (const [command, ...args] of steps) {
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  if (status !== 0) {
    console.error(`failed: ${command} ${args.join(" ")}`);
    process.exit(1);
  }
}
