import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { tallyPlaywright, tallyVitest, withExitCode } from "./report.ts";

const root = mkdtempSync(join(tmpdir(), "report-test-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Vitest's own report of this file, each failure tried once more. */
function reported(source: string) {
  const file = join(root, "report.json");
  writeFileSync(join(root, "sample.test.js"), source);
  const vitest = fileURLToPath(new URL("../node_modules/.bin/vitest", import.meta.url));
  const strayErrors = join(root, "stray-errors.json");
  const reporters = ["json", fileURLToPath(new URL("stray-errors.ts", import.meta.url))];
  const { status, stderr } = spawnSync(
    vitest,
    [
      ...["run", "--root", root, "--globals", "--retry=1", `--outputFile.json=${file}`],
      ...reporters.map((reporter) => `--reporter=${reporter}`),
    ],
    { cwd: root, encoding: "utf8", env: { ...process.env, STRAY_ERRORS: strayErrors } },
  );
  if (status === null || stderr.includes("Error: Cannot find")) throw new Error(stderr);
  const read = (path: string) => JSON.parse(readFileSync(path, "utf8"));
  return withExitCode(tallyVitest(read(file), root, read(strayErrors)), "Vitest", status);
}

test("a test that passed on its second try is named and counts as passed; one that failed twice counts as failed", () => {
  const tally = reported(`
    let tries = 0;
    describe("a suite", () => {
      test("passes", () => {});
      test("passes at last", () => expect(tries++).toBe(1));
      test("fails", () => expect(1).toBe(2));
      test.fails("is known to fail", () => expect(1).toBe(2));
      test.skip("is skipped", () => {});
    });
  `);
  expect(tally).toMatchObject({ passed: 3, failed: 1 });
  expect(tally.retried).toEqual(["sample.test.js > a suite passes at last"]);
  expect(tally.failures).toEqual([expect.stringContaining("a suite fails\n")]);
});

test("an error outside of every test counts as one failure, and the end of the log says why", () => {
  const tally = reported(`
    test("passes", () => void Promise.reject(new Error("nobody waits for this")));
  `);
  expect(tally).toMatchObject({ passed: 1, failed: 1 });
  expect(tally.failures).toEqual([expect.stringMatching(/^sample\.test\.js.*\n.*nobody waits for this/)]);
});

test("a runner that ends with an error though it counts no failure counts as one failure", () => {
  expect(withExitCode({ passed: 3, failed: 0 }, "Playwright", 1)).toEqual({
    passed: 3,
    failed: 1,
    failures: ["Playwright ended (1) though no test of its failed: its errors are printed above"],
  });
});

test("a tour that Playwright calls flaky is named, however deep it stands", () => {
  const spec = (title: string, status: string) => ({ file: "tours.spec.ts", title, tests: [{ status }] });
  const tally = tallyPlaywright({
    stats: { expected: 1, flaky: 2, unexpected: 0 },
    suites: [
      {
        specs: [spec("pays", "expected"), spec("pays late", "flaky")],
        suites: [{ specs: [spec("pays twice", "flaky")] }],
      },
    ],
  });
  expect(tally).toMatchObject({ passed: 3, failed: 0 });
  expect(tally.retried).toEqual(["tours.spec.ts > pays late", "tours.spec.ts > pays twice"]);
});
