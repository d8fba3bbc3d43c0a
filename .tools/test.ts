/**
 * `npm test`: static checks, unit and integration tests (Vitest, real PostgreSQL), then the tours in a
 * real browser (Playwright). Ends with the one line `N passed, N failed`; exit code 0 only on none failed. Above it,
 * what failed, and what passed only on its second try.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBrowser, ensureFirefox } from "./browser.ts";
import { ensurePeers } from "./peers.ts";
import { type Tally, tallyPlaywright, tallyVitest, withExitCode } from "./report.ts";
import { checks, runStep } from "./steps.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const reports = join(root, ".test");
mkdirSync(reports, { recursive: true });

const browser = await ensureBrowser();
const firefox = ensureFirefox();
for (const missing of ensurePeers()) console.error(missing);
const env = { ...process.env, CHROMIUM_PATH: browser, ...(firefox && { FIREFOX_PATH: firefox }) };

const tallies = [staticChecks(), vitest(), playwright()];
const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
for (const name of tallies.flatMap((tally) => tally.retried ?? [])) console.log(`RETRIED ${name}`);
for (const failure of tallies.flatMap((tally) => tally.failures ?? [])) console.log(`FAILED ${failure}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

function staticChecks(): Tally {
  const results = checks.map(runStep);
  const passed = results.filter(Boolean).length;
  return { passed, failed: results.length - passed };
}

function vitest(): Tally {
  const file = join(reports, "vitest.json");
  const strayErrors = join(reports, "stray-errors.json");
  for (const stale of [file, strayErrors]) rmSync(stale, { force: true });
  const args = [
    "run",
    "--config",
    ".tools/vitest.config.ts",
    "--reporter=dot",
    "--reporter=json",
    `--outputFile.json=${file}`,
    "--reporter=./.tools/stray-errors.ts",
  ];
  const { status } = spawnSync("vitest", args, {
    cwd: root,
    stdio: "inherit",
    env: { ...env, STRAY_ERRORS: strayErrors },
  });
  return read("Vitest", file, status, (report) =>
    tallyVitest(report, root, JSON.parse(readFileSync(strayErrors, "utf8"))),
  );
}

function playwright(): Tally {
  const file = join(reports, "playwright.json");
  rmSync(file, { force: true });
  const { status } = spawnSync(
    join(root, "e2e/node_modules/.bin/playwright"),
    ["test", "--reporter=list,json"],
    {
      cwd: join(root, "e2e"),
      stdio: "inherit",
      env: { ...env, PLAYWRIGHT_JSON_OUTPUT_NAME: file },
    },
  );
  return read("Playwright", file, status, tallyPlaywright);
}

function read(
  runner: string,
  file: string,
  status: number | null,
  // biome-ignore lint/suspicious/noExplicitAny: two runners' report formats, read at two places above
  tally: (report: any) => Tally,
): Tally {
  try {
    return withExitCode(tally(JSON.parse(readFileSync(file, "utf8"))), runner, status);
  } catch {
    return { passed: 0, failed: 1, failures: [`${runner} ended (${status}) and left no report`] };
  }
}
