import { expect, test } from "vitest";
import { circles, roomOf } from "./circles.ts";
import { findWay } from "./reach.ts";

const imports = (file: string, ...targets: string[]) => ({
  file,
  source: targets.map((target) => `import { x } from "${target}";`).join("\n"),
});

test("a room is a folder of a workspace's source, or of the operator's hall", () => {
  expect(roomOf("server/src/payments/statements/claim.ts")).toBe("server/src/payments");
  expect(roomOf("server/src/operations/backup/restore/load.ts")).toBe("server/src/operations/backup");
  expect(roomOf("server/src/operations/operator.ts")).toBe("server/src/operations");
  expect(roomOf("bff/src/edge.ts")).toBe("bff/src");
  expect(roomOf("node_modules/hono/index.ts")).toBe(null);
});

test("two rooms that import each other are named with both imports", () => {
  const found = circles([
    imports("server/src/outbox/run.ts", "../payments/settle.ts"),
    imports("server/src/payments/start.ts", "../outbox/row.ts"),
    imports("server/src/payments/pay.ts", "../money/money.ts"),
  ]);
  expect(found).toHaveLength(1);
  expect(found[0]).toContain("server/src/outbox/run.ts imports server/src/payments/settle.ts");
  expect(found[0]).toContain("server/src/payments/start.ts imports server/src/outbox/row.ts");
  expect(found[0]).not.toContain("money");
});

test("a circle by way of a third room is named with the import that closes it", () => {
  const found = circles([
    imports("server/src/a/1.ts", "../b/1.ts"),
    imports("server/src/b/1.ts", "../c/1.ts"),
    imports("server/src/c/1.ts", "../a/1.ts"),
  ]);
  expect(found.join()).toContain("server/src/c/1.ts imports server/src/a/1.ts");
});

test("an import of types counts, one within a room, of a test or of a program does not", () => {
  const there = imports("server/src/a/1.ts", "../b/1.ts");
  const back = { file: "server/src/b/1.ts", source: 'import type { A } from "../a/1.ts";' };
  expect(circles([there, back])).toHaveLength(1);
  expect(circles([there, imports("server/src/b/1.test.ts", "../a/1.ts")])).toEqual([]);
  expect(circles([there, imports("server/src/b/testing/x.ts", "../../a/1.ts")])).toEqual([]);
  expect(
    circles([imports("server/src/main.ts", "./a/1.ts"), imports("server/src/a/1.ts", "./2.ts")]),
  ).toEqual([]);
});

test("a closed way is found through any number of files, but not through types", () => {
  const sources: Record<string, string> = {
    "server/src/main.ts": 'import { a } from "./a.ts";',
    "server/src/a.ts": 'import { b } from "./b.ts";',
    "server/src/b.ts": 'import type { Operator } from "./operator.ts";',
    "server/src/operator.ts": "",
  };
  const read = (file: string) => sources[file] ?? "";
  expect(findWay("server/src/main.ts", /operator/, read)).toBe(null);
  sources["server/src/b.ts"] = 'import { openOperator } from "./operator.ts";';
  const way = ["server/src/main.ts", "server/src/a.ts", "server/src/b.ts", "server/src/operator.ts"];
  expect(findWay("server/src/main.ts", /operator/, read)).toEqual(way);
});
