import type { DeclaredEnvironment } from "./variable.ts";

/** A variable as tables, `--help` and a chart's values show it. */
export interface VariableRow {
  readonly name: string;
  /** What it is for. */
  readonly help: string;
  /** How it is written. */
  readonly kind: string;
  /** As it would be written; null: there is none. */
  readonly default: string | null;
  /** What holds without it, in words. */
  readonly otherwise: string;
  readonly required: boolean;
  readonly secret: boolean;
}

export function describeEnvironment({ variables, oneOf = [] }: DeclaredEnvironment): VariableRow[] {
  return Object.entries(variables).map(([name, variable]) => {
    const others = oneOf.find((names) => names.includes(name))?.filter((other) => other !== name);
    const instead = others ? `required, or ${others.join(" or ")}` : undefined;
    const { kind, help, required = false, default: written = null, otherwise, secret = false } = variable;
    return {
      name,
      help,
      kind: kind.words,
      default: written,
      otherwise: required ? "required" : (instead ?? otherwise ?? written ?? "none"),
      required,
      secret,
    };
  });
}

/** For a terminal: a name a line, what it is for below it. */
export function helpText(environment: DeclaredEnvironment): string {
  const lines = describeEnvironment(environment).flatMap(
    ({ name, help, kind, otherwise, secret, required }) => [
      `  ${name}`,
      `      ${help}`,
      `      ${kind}${secret ? ", secret" : ""}; ${required ? otherwise : `without it: ${otherwise}`}`,
    ],
  );
  return ["Environment:", ...lines].join("\n");
}
