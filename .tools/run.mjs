// Runs under any Node ≥ 20: installs what the lock file says when it is not there yet, then hands
// over to the pinned Node and the TypeScript entry of the command.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");
const entries = {
  start: "demo/src/launch.ts",
  test: ".tools/test.ts",
  bench: ".tools/bench.ts",
  attack: ".tools/attack.ts",
  check: ".tools/check.ts",
  fix: ".tools/fix.ts",
  clarity: "server/src/cli/clarity.ts",
  monitor: "bff/src/monitor/main.ts",
};

/** Named here and not in package.json: pnpm would want to install itself a second time. */
const version = "pnpm@12.21.0";

const [command = "start", ...args] = process.argv.slice(2);
const entry = entries[command];
if (!entry) {
  console.error(`unknown command ${command}; known: ${Object.keys(entries).join(", ")}`);
  process.exit(2);
}

const shell = process.ppid;
install();
const env = {
  ...process.env,
  PATH: join(modules, ".bin") + delimiter + process.env.PATH,
  // Stripping types and compiling would take a third of a start's own time.
  NODE_COMPILE_CACHE: join(modules, ".cache", "compiled"),
};
const child = spawn(join(modules, ".bin", "node"), [join(root, entry), ...args], { stdio: "inherit", env });
// The terminal sends Ctrl-C to the whole group; a supervisor sends SIGTERM to us alone.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  });
}
// npm tells only its shell, which dies of SIGTERM without telling us.
if (process.env.npm_lifecycle_event) {
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    child.kill("SIGTERM");
  }, 500);
  watch.unref();
}
child.on("exit", (code, signal) => process.exit(signal ? 128 + 15 : (code ?? 1)));

function install() {
  const stamp = join(modules, ".installed");
  const want = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === want) return;
  console.error(`installing packages with ${version} …`);
  const done = spawnSync(
    "npx",
    ["--yes", version, "install", "--frozen-lockfile", "--prefer-offline", "--reporter=append-only"],
    { cwd: root, stdio: ["ignore", 2, 2], env: { ...process.env, CI: "true" } },
  );
  if (done.status !== 0) {
    console.error("installing failed: the lines above say why. Is the npm registry reachable?");
    process.exit(1);
  }
  writeFileSync(stamp, want);
}

/** Everything an install depends on; the same text, the same node_modules. */
function fingerprint() {
  const hash = createHash("sha256");
  for (const dir of ["", "widget", "bff", "themes", "server", "server/portal", "demo", "e2e"]) {
    hash.update(readFileSync(join(root, dir, "package.json")));
  }
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml"]) hash.update(readFileSync(join(root, file)));
  return hash.digest("hex");
}
