import { z } from "zod";
import { allVariables } from "./all-variables.ts";
import { nearest } from "./nearest.ts";
import { withoutServiceLinks } from "./service-links.ts";
import type { DeclaredEnvironment, Environment, ValuesOf, Variable, Variables } from "./variable.ts";

/** The environment is not what the process needs. Each line names a variable, and no value: it may be a secret. */
export class WrongEnvironment extends Error {
  override readonly name = "WrongEnvironment";
  readonly lines: readonly string[];
  /** As of `Read`. */
  readonly warnings: readonly string[];
  constructor(lines: readonly string[], warnings: readonly string[]) {
    super(lines.join("; "));
    this.lines = lines;
    this.warnings = warnings;
  }
}

/** The values, and a line for each variable that looks like one of Clarity's and is none. */
export interface Read<V extends Variables> {
  readonly values: ValuesOf<V>;
  readonly warnings: readonly string[];
}

/** @throws WrongEnvironment with all that is wrong at once */
export function readEnvironment<V extends Variables>(
  environment: Environment<V>,
  processEnv: NodeJS.ProcessEnv,
): Read<V> {
  const set = whatIsSet(processEnv);
  const strangers = findStrangers(environment, set);
  const result = schemaOf(environment.variables).safeParse(set);
  const wrong = new Set(result.error?.issues.map(({ path }) => String(path[0])));
  const right = result.success ? result.data : rightValues(environment.variables, { set, wrong });
  const missing = (environment.oneOf ?? []).filter((names) => !names.some((name) => name in set));
  const lines = [
    ...Object.keys(environment.variables)
      .filter((name) => wrong.has(name))
      .map((name) => lineOf(environment, { name, set, strangers })),
    ...missing.map((names) => `${names.join(" or ")} is not set${meant(names, strangers)}`),
    ...(environment.rules?.(right as Partial<ValuesOf<V>>) ?? []),
  ];
  const warnings = strangers.map(inWords);
  if (lines.length > 0) throw new WrongEnvironment(lines, warnings);
  return { values: right as ValuesOf<V>, warnings };
}

/** The one schema of a process's environment. */
function schemaOf(variables: Variables): z.ZodObject {
  const of = ({ kind, required, default: written }: Variable): z.ZodType => {
    if (written !== undefined) return kind.schema.prefault(written);
    return required ? kind.schema : kind.schema.optional();
  };
  return z.object(Object.fromEntries(Object.entries(variables).map(([name, it]) => [name, of(it)])));
}

type Given = Readonly<Record<string, string>>;

function whatIsSet(env: NodeJS.ProcessEnv): Given {
  const entries = Object.entries(withoutServiceLinks(env)).map(([name, value = ""]) => [name, value.trim()]);
  return Object.fromEntries(entries.filter(([, value]) => value !== ""));
}

/** So that a rule is held against what is right, though something else is wrong. */
function rightValues(
  variables: Variables,
  { set, wrong }: { set: Given; wrong: ReadonlySet<string> },
): Record<string, unknown> {
  return schemaOf(Object.fromEntries(Object.entries(variables).filter(([name]) => !wrong.has(name)))).parse(
    set,
  );
}

function lineOf(
  environment: DeclaredEnvironment,
  { name, set, strangers }: { name: string; set: Given; strangers: readonly Stranger[] },
): string {
  const { kind, help } = environment.variables[name] as Variable;
  if (name in set) return `${name} must be ${kind.words}`;
  return `${name} is not set: ${help}, ${kind.words}${meant([name], strangers)}`;
}

/** A variable that is set and that no process of Clarity reads, and the known one it is nearest to. */
interface Stranger {
  readonly name: string;
  readonly nearest: string;
}

/** How far a name may be from one of ours that does not even begin like one, in letters. */
const slip = 3;

function findStrangers({ variables }: DeclaredEnvironment, set: Given): Stranger[] {
  const known = [...new Set([...Object.keys(variables), ...allVariables])].filter((name) => ours.test(name));
  return Object.keys(set).flatMap((name) => {
    if (known.includes(name) || !/^C\w{2,9}_/i.test(name)) return [];
    const closest = nearest(name, known);
    return /^CLARITY_/i.test(name) || closest.distance <= slip ? [{ name, nearest: closest.name }] : [];
  });
}

const ours = /^CLARITY_/;

const inWords = ({ name, nearest }: Stranger): string =>
  `${name} is set, and nothing reads it: the nearest there is, is ${nearest}`;

/** A missing variable may be there under a name that is nearly its own. */
function meant(names: readonly string[], strangers: readonly Stranger[]): string {
  const found = strangers.filter(({ nearest }) => names.includes(nearest)).map(({ name }) => name);
  return found.length > 0 ? `; ${found.join(", ")} is set: was it meant?` : "";
}
