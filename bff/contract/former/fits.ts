import type { Shape } from "./shapes.ts";

/**
 * Whether whoever understands `wanted` understands everything that `given` allows. Where two shapes cannot be compared
 * the answer is no: a person decides then.
 *
 * @param isOpen whether a list of values at that path may grow: who reads it makes do with a value it does not know
 * @returns what does not fit, as lines that begin with the path
 */
export function misfits(
  given: Shape,
  wanted: Shape,
  isOpen: (path: string) => boolean = () => false,
): string[] {
  return compare({
    given,
    wanted,
    path: "",
    defs: { given: given.$defs ?? {}, wanted: wanted.$defs ?? {} },
    isOpen,
  });
}

interface Pair {
  given: Shape;
  wanted: Shape;
  path: string;
  defs: { given: Record<string, Shape>; wanted: Record<string, Shape> };
  isOpen: (path: string) => boolean;
}

function compare(pair: Pair): string[] {
  const given = resolve(pair.given, pair.defs.given);
  const wanted = resolve(pair.wanted, pair.defs.wanted);
  const next = (more: Partial<Pair>) => compare({ ...pair, given, wanted, ...more });
  if (given.anyOf) return given.anyOf.flatMap((one) => next({ given: one }));
  if (wanted.anyOf) {
    const tries = wanted.anyOf.map((one) => next({ wanted: one }));
    return tries.some((lines) => lines.length === 0)
      ? []
      : (tries.toSorted((a, b) => a.length - b.length)[0] ?? []);
  }
  const says = (line: string) => [`${pair.path || "/"}: ${line}`];
  const values = valuesOf(given);
  const known = valuesOf(wanted);
  if (known) {
    if (!values) return says("may be anything now");
    const unknown = values.filter((value) => !known.includes(value));
    return unknown.length === 0 || pair.isOpen(pair.path) ? [] : says(`not known: ${unknown.join(", ")}`);
  }
  if (wanted.type === undefined) return [];
  const isNarrower = given.type === "integer" && wanted.type === "number";
  if (given.type !== wanted.type && !isNarrower) return says(`${given.type} in the place of ${wanted.type}`);
  return [
    ...limits(given, wanted).flatMap(says),
    ...fields(given, wanted, pair, next),
    ...(given.items && wanted.items
      ? next({ given: given.items, wanted: wanted.items, path: `${pair.path}/*` })
      : []),
  ];
}

function fields(
  given: Shape,
  wanted: Shape,
  { path }: Pair,
  next: (more: Partial<Pair>) => string[],
): string[] {
  const its = given.properties ?? {};
  const theirs = wanted.properties ?? {};
  const lines: string[] = [];
  for (const name of wanted.required ?? []) {
    if (!given.required?.includes(name)) lines.push(`${path}/${name}: may be missing`);
  }
  for (const [name, shape] of Object.entries(its)) {
    const there = theirs[name];
    if (there) lines.push(...next({ given: shape, wanted: there, path: `${path}/${name}` }));
    else if (wanted.additionalProperties === false) lines.push(`${path}/${name}: not known, and refused`);
  }
  const [rest, theirRest] = [given.additionalProperties, wanted.additionalProperties];
  if (typeof theirRest === "object")
    lines.push(
      ...next({ given: typeof rest === "object" ? rest : {}, wanted: theirRest, path: `${path}/*` }),
    );
  return lines;
}

/** What `wanted` asks of a text, a number or a list, and `given` does not keep to. */
function limits(given: Shape, wanted: Shape): string[] {
  const lines: string[] = [];
  for (const name of ["pattern", "format"] as const) {
    if (wanted[name] !== undefined && wanted[name] !== given[name]) lines.push(`another ${name}`);
  }
  for (const name of ["minLength", "minItems", "minimum"] as const) {
    if ((given[name] ?? Number.NEGATIVE_INFINITY) < (wanted[name] ?? Number.NEGATIVE_INFINITY))
      lines.push(`a lower ${name}`);
  }
  for (const name of ["maxLength", "maxItems", "maximum"] as const) {
    if ((given[name] ?? Number.POSITIVE_INFINITY) > (wanted[name] ?? Number.POSITIVE_INFINITY))
      lines.push(`a higher ${name}`);
  }
  return lines;
}

const valuesOf = ({ enum: values, const: value }: Shape): unknown[] | undefined =>
  values ?? (value === undefined ? undefined : [value]);

/** Without references, and with one type only: several are a union. */
function resolve(shape: Shape, defs: Record<string, Shape>): Shape {
  const name = shape.$ref?.replace("#/$defs/", "");
  if (name !== undefined) return resolve(defs[name] ?? {}, defs);
  return Array.isArray(shape.type) ? { anyOf: shape.type.map((type) => ({ ...shape, type })) } : shape;
}
