/**
 * A process's environment as data: what it reads, what is refused at start, `--help`, the docs' tables. Apart from the
 * contract itself, which browsers know too.
 */
export { environmentAtStart, onTerminal } from "./at-start.ts";
export { describeEnvironment, helpText, type VariableRow } from "./describe.ts";
export * as kinds from "./kinds.ts";
export { isOpenToAll } from "./open-to-all.ts";
export { readEnvironment, WrongEnvironment } from "./read-environment.ts";
export { stoppingVariables } from "./stopping.ts";
export { tracingVariables } from "./tracing.ts";
export { type DeclaredEnvironment, defineEnvironment, defineVariables, type ValuesOf } from "./variable.ts";
