import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/**
 * PostgreSQL runs the writing parts of one statement in an order of its own, which "is unpredictable"
 * (https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-MODIFYING); what a part reads of another has
 * run before it. An audit log's rows are chained under a lock that is held until commit, so a statement that takes it
 * before a row that somebody has, who waits for the log, ends in a deadlock.
 */
const why =
  "its audit row hangs on no row of theirs (`returning`), so that PostgreSQL may write it before them";

const source = fileURLToPath(new URL("..", import.meta.url));
const files = globSync("**/*.ts", { cwd: source, exclude: (name) => name === "node_modules" });

test("whatever a statement writes, its audit row hangs on all of it and is written last", () => {
  const statements = files.flatMap((file) =>
    templatesIn(readFileSync(source + file, "utf8"))
      .filter((text) => /insert into (?:pay\.audit_log|operator_audit)\b/.test(text))
      .map((text) => ({ file, parts: partsOf(text) })),
  );
  expect(statements.length).toBeGreaterThan(40);
  const early = statements.flatMap(({ file, parts }) =>
    parts
      .filter(({ text }) => /^\s*insert into (?:pay\.audit_log|operator_audit)\b/.test(text))
      .flatMap((audit) => {
        const before = readBy(audit, parts);
        const others = parts.filter((part) => part !== audit && writes(part) && !before.has(part));
        return others.map(({ name }) => `${file}: ${audit.name} and ${name}: ${why}`);
      }),
  );
  expect(early).toEqual([]);
});

test("the check sees what hangs on nothing, and what hangs on another", () => {
  const early = partsOf(`with moved as (update a set b = ? returning id), audit as (insert into operator_audit
    select id from moved), tried as (update c set d = 1 from moved) select * from moved`);
  const late =
    partsOf(`with moved as (update a set b = ? returning id), tried as (update c set d = 1 from moved
    returning 1) insert into operator_audit select id from moved, (select count(*) from tried) as t`);
  const unread = (parts: Part[], audit: Part | undefined) =>
    audit && parts.filter((part) => part !== audit && writes(part) && !readBy(audit, parts).has(part));
  expect(early.map(({ name }) => name)).toEqual(["moved", "audit", "tried", "the rest"]);
  expect(unread(early, early[1])?.map(({ name }) => name)).toEqual(["tried"]);
  expect(unread(late, late.at(-1))).toEqual([]);
});

interface Part {
  name: string;
  text: string;
}

/** `with a as (…), b as (…) rest`, in order; a statement without `with` is one part. */
function partsOf(statement: string): Part[] {
  const parts: Part[] = [];
  const head = /^\s*(?:with|,)\s+(\w+)(?:\s*\([^)]*\))?\s+as\s+(?:not\s+materialized\s+|materialized\s+)?\(/;
  let rest = statement.replace(/--.*$/gm, "");
  for (let match = head.exec(rest); match; match = head.exec(rest)) {
    const start = match[0].length;
    let end = start;
    for (let depth = 1; depth > 0 && end < rest.length; end++) {
      if (rest[end] === "(") depth++;
      else if (rest[end] === ")") depth--;
    }
    parts.push({ name: match[1] ?? "", text: rest.slice(start, end - 1) });
    rest = rest.slice(end);
  }
  return [...parts, { name: "the rest", text: rest }];
}

const writes = ({ text }: Part) =>
  /\b(?:insert into|delete from|for (?:no key )?update|for (?:key )?share)\b|\bupdate\s+[\w.]+(?:\s+(?:as\s+)?\w+)?\s+set\b/.test(
    text,
  );

/** Whatever a part reads, directly or by way of another. */
function readBy(part: Part, all: readonly Part[], seen = new Set<Part>()): Set<Part> {
  for (const other of all) {
    // `from a, b` and `join b`, with or without a name of their own.
    const read = new RegExp(`\\b(?:from|join)\\s+(?:[\\w.]+(?:\\s+\\w+)?\\s*,\\s*)*${other.name}\\b`);
    if (other === part || seen.has(other) || !read.test(part.text)) continue;
    seen.add(other);
    readBy(other, all, seen);
  }
  return seen;
}

/** Every template literal of a file, values as `?`. */
function templatesIn(code: string): string[] {
  const found: string[] = [];
  const template = (from: number): [text: string, end: number] => {
    let text = "";
    for (let at = from; at < code.length; at++) {
      if (code[at] === "\\") at++;
      else if (code[at] === "`") return [text, at];
      else if (code.startsWith("${", at)) {
        text += "?";
        at = value(at + 2);
      } else text += code[at];
    }
    return [text, code.length];
  };
  /** To the brace that ends it; templates inside are found too. */
  const value = (from: number): number => {
    let depth = 1;
    for (let at = from; at < code.length; at++) {
      if (code[at] === "{") depth++;
      else if (code[at] === "}" && --depth === 0) return at;
      else if (code[at] === "`") {
        const [text, end] = template(at + 1);
        found.push(text);
        at = end;
      }
    }
    return code.length;
  };
  // Comments quote names in backticks.
  code = code.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  value(0);
  return found;
}
