import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { misfits } from "./fits.ts";
import { type Shape, type Shapes, shapesOf } from "./shapes.ts";

/**
 * Forms, edges and servers of two releases next to each other work together: README.md here. `shapes.json` is what the
 * former release sent and read.
 */
const former = JSON.parse(readFileSync(new URL("shapes.json", import.meta.url), "utf8")) as Shapes;
const today = shapesOf();

/**
 * Lists that may grow, for whoever meets a value it does not know makes do: a form has words for the nearest code and
 * for any decline, and shows a card's brand as it is named.
 */
const isOpen = (path: string): boolean => /\/(code|reason|brand|brands\/\*)$/.test(path);

const shared = (kind: keyof Shapes) => Object.keys(former[kind]).filter((name) => today[kind][name]);

test("nothing that the former release knew by name is gone", () => {
  for (const kind of ["requests", "answers"] as const)
    expect(shared(kind)).toEqual(Object.keys(former[kind]));
});

describe.each(shared("answers"))("the answer %s", (name) => {
  const [then, now] = [former.answers[name] as Shape, today.answers[name] as Shape];
  test("of today is understood by a form or an edge of the former release", () => {
    expect(misfits(now, then, isOpen)).toEqual([]);
  });
  test("of the former release is understood today: what is new may be missing", () => {
    expect(misfits(then, now, isOpen)).toEqual([]);
  });
});

test.each(shared("requests"))("the request %s of the former release is taken today", (name) => {
  expect(misfits(former.requests[name] as Shape, today.requests[name] as Shape)).toEqual([]);
});

describe("what does not fit is found", () => {
  const Thing = z.object({
    id: z.string().max(5),
    list: z.array(z.object({ n: z.int() })),
    kind: z.enum(["a", "b"]),
  });
  const shape = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input" }) as Shape;

  test.each<[string, z.ZodType, string]>([
    ["a field is gone", Thing.omit({ id: true }), "/id: may be missing"],
    ["a field may be missing", Thing.partial({ id: true }), "/id: may be missing"],
    [
      "a field may be null",
      Thing.extend({ id: z.string().max(5).nullable() }),
      "/id: null in the place of string",
    ],
    ["a text may be longer", Thing.extend({ id: z.string().max(6) }), "/id: a higher maxLength"],
    ["a text is a number", Thing.extend({ id: z.number() }), "/id: number in the place of string"],
    ["a list has other things", Thing.extend({ list: z.array(z.object({})) }), "/list/*/n: may be missing"],
    ["a value is new", Thing.extend({ kind: z.enum(["a", "b", "c"]) }), "/kind: not known: c"],
    ["a value may be any", Thing.extend({ kind: z.string() }), "/kind: may be anything now"],
    ["a closed shape gets a field", Thing.extend({ more: z.string() }), "/more: not known, and refused"],
  ])("%s", (_, given, line) => {
    expect(misfits(shape(given), shape(Thing.strict()))).toEqual([line]);
  });

  test("a field more, a value less, a shorter text and a union's one side fit", () => {
    const given = Thing.extend({ more: z.string(), kind: z.enum(["a"]), id: z.string().max(4) });
    expect(misfits(shape(given), shape(Thing))).toEqual([]);
    expect(misfits(shape(Thing), shape(Thing.extend({ id: z.string().nullable() })))).toEqual([]);
  });

  test("whatever the shape, taking a required field away never fits, and keeping all always does", () => {
    const names = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1 });
    fc.assert(
      fc.property(names, fc.nat(), (fields, pick) => {
        const full = z.object(Object.fromEntries(fields.map((name) => [name, z.string()])));
        const gone = fields[pick % fields.length] ?? "";
        expect(misfits(shape(full), shape(full))).toEqual([]);
        const less = full.omit({ [gone]: true } as never);
        expect(misfits(shape(less), shape(full))).toEqual([`/${gone}: may be missing`]);
      }),
    );
  });
});
