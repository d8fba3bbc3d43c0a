/** What the two runners' JSON reports say, as the lines that `test.ts` prints. */
import { relative } from "node:path";

export interface Tally {
  passed: number;
  failed: number;
  /** What failed, each in a few lines: printed last, where whoever reads only a log's end finds it. */
  failures?: string[];
  /** What failed once and then passed: no failure, but somebody should look before it is one. */
  retried?: string[];
}

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numFailedTestSuites: number;
  testResults: VitestFile[];
}

interface VitestFile {
  /** Absolute path. */
  name: string;
  message: string;
  assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
}

/**
 * @param root absolute path that files are named from
 * @param strayErrors what `stray-errors.ts` wrote: each counts as a failure, since no test carries it
 */
export function tallyVitest(report: VitestReport, root: string, strayErrors: string[]): Tally {
  const failed = report.numFailedTests || report.numFailedTestSuites;
  return {
    passed: report.numPassedTests,
    failed: failed + strayErrors.length,
    failures: [
      ...report.testResults.flatMap((file) => failuresOf(file, root)),
      ...strayErrors.map(beginning),
    ],
    retried: report.testResults.flatMap((file) => retriedOf(file, root)),
  };
}

function failuresOf(suite: VitestFile, root: string): string[] {
  const file = relative(root, suite.name);
  const failures = suite.assertionResults
    .filter(({ status }) => status === "failed")
    .map(
      ({ fullName, failureMessages }) => `${file} > ${fullName}\n${beginning(failureMessages.join("\n"))}`,
    );
  return suite.message ? [...failures, `${file}\n${beginning(suite.message)}`] : failures;
}

/** The report does not count tries, but a test that passed keeps what its earlier tries failed with. */
function retriedOf({ name, assertionResults }: VitestFile, root: string): string[] {
  return assertionResults
    .filter(({ status, failureMessages }) => status === "passed" && failureMessages.length > 0)
    .map(({ fullName }) => `${relative(root, name)} > ${fullName}`);
}

function beginning(message: string): string {
  return message.split("\n").slice(0, 6).join("\n").slice(0, 600);
}

interface PlaywrightReport {
  stats: { expected: number; flaky: number; unexpected: number };
  suites: PlaywrightSuite[];
}

interface PlaywrightSuite {
  specs?: { file: string; title: string; tests: { status: string }[] }[];
  /** Each `describe` in the file. */
  suites?: PlaywrightSuite[];
}

export function tallyPlaywright({ stats, suites }: PlaywrightReport): Tally {
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected,
    retried: suites.flatMap(flakyOf),
  };
}

function flakyOf({ specs = [], suites = [] }: PlaywrightSuite): string[] {
  const flaky = specs.filter(({ tests }) => tests.some(({ status }) => status === "flaky"));
  return [...flaky.map(({ file, title }) => `${file} > ${title}`), ...suites.flatMap(flakyOf)];
}

/** A runner that says it failed while it counts no failure counts as one. */
export function withExitCode(tally: Tally, runner: string, status: number | null): Tally {
  if (status === 0 || tally.failed > 0) return tally;
  const failure = `${runner} ended (${status}) though no test of its failed: its errors are printed above`;
  return { ...tally, failed: 1, failures: [...(tally.failures ?? []), failure] };
}
