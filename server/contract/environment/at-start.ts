import { helpText } from "./describe.ts";
import { readEnvironment, WrongEnvironment } from "./read-environment.ts";
import type { Environment, ValuesOf, Variables } from "./variable.ts";

/** Where a process says what is wrong, a line each; a logger is one. */
export interface Complaints {
  fatal(line: string): void;
  warn(line: string): void;
}

/** For people at a terminal. */
export const onTerminal: Complaints = {
  fatal: (line) => console.error(line),
  warn: (line) => console.error(`warning: ${line}`),
};

/**
 * The first thing a process does. `--help` prints what it reads and ends it with 0; what is wrong in its environment
 * is said, all of it, and ends it with 1. A variable that nothing reads is warned of and no more: a newer one must not
 * take an older process down.
 */
export function environmentAtStart<V extends Variables>(
  environment: Environment<V>,
  complaints: Complaints,
): ValuesOf<V> {
  if (process.argv.slice(2).some((argument) => argument === "--help" || argument === "-h")) {
    console.log(`${environment.program}: ${environment.about}\n\n${helpText(environment)}`);
    process.exit(0);
  }
  try {
    const { values, warnings } = readEnvironment(environment, process.env);
    for (const line of warnings) complaints.warn(line);
    return values;
  } catch (error) {
    if (!(error instanceof WrongEnvironment)) throw error;
    for (const line of error.warnings) complaints.warn(line);
    for (const line of error.lines) complaints.fatal(line);
    process.exit(1);
  }
}
