import { parse } from "@handlebars/parser";
import fc from "fast-check";
import Handlebars from "handlebars";
import { expect, test } from "vitest";
import { renderTemplate } from "./render.ts";
import { parseTemplate, TemplateError } from "./template.ts";

const reference = Handlebars.create();
reference.registerHelper("eq", (left: unknown, right: unknown) => left === right);

const ours = (source: string, data: unknown) => renderTemplate(parseTemplate(source), data);
const theirs = (source: string | object, data: unknown) => reference.compile(source)(data);
/** The parser we use strips the line of an `{{else}}` in a chain; the one inside 4.7.10 does not. */
const withoutSpace = (text: string) => text.replace(/\s+/g, "");

const names = ["a", "b", "list", "item", "length", "constructor", "0"] as const;
const text = fc.stringMatching(/^[a-z <>&"'`=\n]{0,6}$/);
// No null: Handlebars shows a null context as "[object Object]" once a block stands around it. We do not.
const scalar = fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(0), fc.double());
const value: fc.Memo<unknown> = fc.memo((n) =>
  n <= 1
    ? scalar
    : fc.oneof(
        scalar,
        fc.array(value(n - 1), { maxLength: 4 }),
        fc.dictionary(fc.constantFrom(...names, "__proto__"), value(n - 1), {
          maxKeys: 4,
          noNullPrototype: true,
        }),
      ),
);
const data = fc.dictionary(fc.constantFrom(...names), value(3), { noNullPrototype: true });

const name = fc.constantFrom("a", "b", "list", "item", "x", "i");
const path = fc.oneof(
  name,
  fc.tuple(name, name).map(([head, tail]) => `${head}.${tail}`),
  fc.constantFrom(
    "this",
    ".",
    "../a",
    "../this",
    "../../list",
    "this.a",
    "./b",
    "../item.a",
    "list.[0]",
    "list.length",
  ),
  fc.constantFrom(
    "a.constructor",
    "constructor",
    "this.__proto__",
    "@index",
    "@key",
    "@first",
    "@last",
    "@../index",
  ),
  fc.constantFrom("@root", "@root.a", "@nothing", "a.length"),
);
const literal = fc.constantFrom('"a"', "1", "0", "true", "false", "null", "undefined");
const subject = fc.oneof(
  path,
  fc.tuple(path, fc.oneof(path, literal)).map(([l, r]) => `(eq ${l} ${r})`),
);
const tilde = fc.constantFrom("", "", "", "~");
const source: fc.Memo<string> = fc.memo((n) => {
  const leaf = fc.oneof(
    fc.stringMatching(/^[a-z <>&"\n]{0,6}$/),
    fc.tuple(tilde, path, tilde).map(([l, p, r]) => `{{${l}${p}${r}}}`),
    fc.constantFrom("{{! note }}", "{{!-- }} --}}", "\n{{! alone }}\n", '{{eq a "a"}}'),
  );
  if (n <= 1) return leaf;
  const body = fc.array(source(n - 1), { maxLength: 3 }).map((parts) => parts.join(""));
  const part = fc.oneof(
    leaf,
    fc
      .tuple(fc.constantFrom("if", "unless"), subject, body, tilde)
      .map(([word, s, b, t]) => `{{#${word} ${s}${t}}}${b}{{/${word}}}`),
    fc
      .tuple(subject, body, subject, body, body)
      .map(([s, b, s2, b2, b3]) => `{{#if ${s}}}${b}{{else if ${s2}}}${b2}{{else}}${b3}{{/if}}`),
    fc
      .tuple(path, fc.constantFrom("", " as |x|", " as |x i|"), body, fc.constantFrom("", "{{else}}none"))
      .map(([p, params, b, e]) => `\n{{#each ${p}${params}}}\n${b}${e}{{/each}}\n`),
  );
  return fc.array(part, { maxLength: 3 }).map((parts) => parts.join(""));
});

test("whatever template and data: the same text as Handlebars 4.7.10", () => {
  let compared = 0;
  fc.assert(
    fc.property(source(3), data, (template, context) => {
      let rendered: string;
      try {
        rendered = ours(template, context);
      } catch (error) {
        // Deeper or longer than we allow; anything else is our mistake.
        expect(error).toMatchObject({ code: expect.stringMatching(/^too_/) });
        return;
      }
      compared += 1;
      expect(rendered).toBe(theirs(parse(template), context));
      expect(withoutSpace(rendered)).toBe(withoutSpace(theirs(template, context)));
    }),
    { numRuns: 300 },
  );
  expect(compared).toBeGreaterThan(250);
});

test.each([
  [
    "{{#each people}}{{name}}{{#unless @last}}, {{/unless}}{{/each}}",
    { people: [{ name: "A" }, { name: "<B>" }] },
  ],
  [
    "{{#each rows as |row n|}}{{n}}:{{#each row as |cell|}}{{cell}}{{@../index}}{{../../title}}{{/each}};{{/each}}",
    {
      rows: [["a", "b"], ["c"]],
      title: "T",
    },
  ],
  ["{{#each map}}{{@key}}={{this}} {{/each}}", { map: { one: 1, two: [2, [3, null]] } }],
  [
    "{{#if zero}}yes{{else}}no{{/if}}{{#if empty}}yes{{else}}no{{/if}}{{#if object}}yes{{/if}}",
    {
      zero: 0,
      empty: [],
      object: {},
    },
  ],
  ["a\n  {{#if x}}  \nb\n{{~else~}}\n c\n{{/if}}\n d", { x: false }],
  ["{{#if (eq a.b 'x')}}same{{/if}}", { a: { b: "x" } }],
])("renders as Handlebars does: %s", (template, context) => {
  expect(ours(template, context)).toBe(theirs(template, context));
});

test.each([
  ["{{{name}}}", "raw output"],
  ["{{&name}}", "raw output"],
  ["{{> other}}", "PartialStatement"],
  ["{{#> layout}}x{{/layout}}", "PartialBlockStatement"],
  ["{{* decorate}}", "not available"],
  ["{{lookup a b}}", "no helper lookup"],
  ["{{log a}}", "no helper log"],
  ["{{#with a}}x{{/with}}", "no block #with"],
  ["{{#a}}x{{/a}}", "one argument"],
  ["{{#each a b}}x{{/each}}", "one argument"],
  ["{{#if a includeZero=true}}x{{/if}}", "named arguments"],
  ["{{eq a}}", "two arguments"],
  ["{{if}}", "no helper if"],
  ["{{'text'}}", "only a path"],
  ["{{#if (helper a)}}x{{/if}}", "no helper helper"],
])("refuses %s", (template, words) => {
  expect(() => parseTemplate(template)).toThrow(TemplateError);
  expect(() => parseTemplate(template)).toThrow(words);
});

test("says where a template is wrong", () => {
  expect(() => parseTemplate("fine\n\n{{#if a}}never closed")).toThrow(/line 3|Parse error on line/i);
  expect(() => parseTemplate("fine\n{{{raw}}}")).toThrow(/^line 2: /);
});

test.each([
  "constructor",
  "__proto__",
  "a.constructor.constructor",
  "toString",
  "list.map",
  "a.__proto__.x",
  "text.trim",
])("%s leads nowhere", (hostile) => {
  const context = { a: {}, list: [1], text: " x ", own: () => "called" };
  expect(ours(`[{{${hostile}}}][{{own}}]`, context)).toBe("[][]");
});

test("an object is not a template, however much it looks like a parsed one", () => {
  const tree = { type: "Program", body: [{ type: "ContentStatement", value: "code" }] };
  expect(() => parseTemplate(tree as never)).toThrow(TemplateError);
});

test("a bomb of 200³ turns is refused in less than 200 ms, a deep one and a long one at once", () => {
  const list = Array.from({ length: 200 }, (_, n) => n);
  const bomb = "{{#each @root.l}}{{#each @root.l}}{{#each @root.l}}{{/each}}{{/each}}{{/each}}";
  // Processor time: the machine may be busy with others.
  const before = process.cpuUsage();
  expect(() => ours(bomb, { l: list })).toThrow(expect.objectContaining({ code: "too_many_steps" }));
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(200);

  const deep = "{{#if a}}".repeat(5) + "{{/if}}".repeat(5);
  expect(() => parseTemplate(deep)).toThrow(expect.objectContaining({ code: "too_deep" }));
  expect(() => parseTemplate("x".repeat(100_001))).toThrow(expect.objectContaining({ code: "too_long" }));
  const wide = "{{#each l}}{{@root.t}}{{/each}}";
  expect(() => ours(wide, { l: list, t: "x".repeat(1_000) })).toThrow(
    expect.objectContaining({ code: "too_much_output" }),
  );
});

/** Of about so many characters: what makes the parser's stack, or what it looks at again, grow with the text. */
const hostile: Record<string, (characters: number) => string> = {
  "nested blocks": (n) => "{{#if a}}".repeat(n / 16) + "{{/if}}".repeat(n / 16),
  "blocks that never close": (n) => "{{#if a}}".repeat(n / 9),
  "inverse blocks": (n) => "{{^a}}".repeat(n / 12) + "{{/a}}".repeat(n / 12),
  "partial blocks": (n) => "{{#> a}}".repeat(n / 14) + "{{/a}}".repeat(n / 14),
  "decorator blocks": (n) => "{{#* a}}".repeat(n / 14) + "{{/a}}".repeat(n / 14),
  "blocks that close in a comment": (n) => "{{#if a}}{{!-- {{/if}} --}}".repeat(n / 27),
  "blocks that close in a text": (n) => '{{#if a}}{{b "{{/if}}"}}'.repeat(n / 24),
  "blocks whose close is escaped": (n) => "{{#if a}}\\{{/if}} ".repeat(n / 18),
  "blocks with stripped blanks": (n) => "{{~#if a~}}".repeat(n / 20) + "{{~/if~}}".repeat(n / 20),
  "a chain of else if": (n) => `{{#if a}}${"{{else if b}}x".repeat(n / 14)}{{/if}}`,
  "a chain of else each": (n) => `{{#if a}}${"{{else each b}}x".repeat(n / 16)}{{/if}}`,
  "nested expressions": (n) => `{{eq ${"(eq a ".repeat(n / 8)}b${")".repeat(n / 8)} c}}`,
  "expressions that never close": (n) => `{{eq ${"(eq a ".repeat(n / 6)}`,
  "expressions in a block's subject": (n) => `{{#if ${"(eq a ".repeat(n / 8)}b${")".repeat(n / 8)}}}{{/if}}`,
  "expressions as a path's head": (n) => `{{${"(a ".repeat(n / 6)}b${").c".repeat(n / 6)}}}`,
  "values side by side": (n) => "{{a}}".repeat(n / 5),
  "blocks side by side": (n) => "{{#if a}}x{{else}}y{{/if}}".repeat(n / 26),
  "escaped values": (n) => "\\{{a}}".repeat(n / 6),
  "a long path": (n) => `{{${"a.".repeat(n / 2)}a}}`,
  "a path far up": (n) => `{{${"../".repeat(n / 3)}a}}`,
  "many arguments": (n) => `{{eq ${"b ".repeat(n / 2)}}}`,
  "many named arguments": (n) => `{{eq ${"b=c ".repeat(n / 4)}}}`,
  "a text of escaped quotes": (n) => `{{eq "${'\\"'.repeat(n / 2)}}}`,
  "brackets that never close": (n) => `{{${"[".repeat(n)}`,
  "one long name": (n) => `{{${"a".repeat(n)}`,
  "blanks and line feeds": (n) => `${" \n".repeat(n / 4)}{{#if a}}${"\n ".repeat(n / 4)}{{/if}}`,
  "comments that never close": (n) => "{{!--".repeat(n / 5),
  "raw blocks": (n) => "{{{{a}}}}".repeat(n / 9),
};
test.each(Object.keys(hostile))(
  "%s take time by their length alone",
  (what) => {
    const make = hostile[what];
    if (!make) throw new Error("unreachable: one of the list");
    const took = (characters: number) => {
      const before = process.cpuUsage();
      try {
        parseTemplate(make(characters));
      } catch (error) {
        expect(error).toBeInstanceOf(TemplateError);
      }
      return process.cpuUsage(before).user / 1_000;
    };
    took(1_000);
    // The longest there may be; of 30,000 some took 15 s, and nine times that of as many.
    expect(took(99_000)).toBeLessThan(5_000);
  },
  30_000,
);

test("what nests as deep as it may, branches as often and closes again is read", () => {
  const deepest = `${"{{#if a}}".repeat(4)}x${"{{/if}}".repeat(4)}`;
  const side = `{{#if a}}x{{else if b}}y{{else}}z{{/if}}`.repeat(500);
  const chain = `{{#if a}}${"{{else if b}}x".repeat(100)}{{/if}}`;
  const escaped = "\\{{#if a}} {{! {{#if a}} }} {{eq '{{#if a}}' b}}".repeat(20);
  for (const source of [deepest, side, chain, escaped, "{{eq (eq (eq (eq (eq a b) b) b) b) b}}"]) {
    expect(() => parseTemplate(source)).not.toThrow();
  }
  for (const source of [
    chain.replace("{{/if}}", "{{else if b}}x{{/if}}"),
    "{{eq (eq (eq (eq (eq (eq a b) b) b) b) b) b}}",
  ]) {
    expect(() => parseTemplate(source)).toThrow(expect.objectContaining({ code: "too_deep", line: 1 }));
  }
});
