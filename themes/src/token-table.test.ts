import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { tokenTableMarkdown } from "./token-table.ts";
import { tokens } from "./tokens.ts";

test("the one token table, in the front README, is the generated one", () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const embedded = /<!-- generated: tokens -->\n([\s\S]*?)\n<!-- end -->/.exec(readme)?.[1];
  expect(embedded).toBe(tokenTableMarkdown());
});

test("38 tokens, each named once, one line each", () => {
  expect(new Set(tokens.map(({ name }) => name)).size).toBe(38);
  const lines = tokenTableMarkdown().split("\n");
  expect(lines.length).toBe(2 + 38);
  expect(lines.every((line) => line.match(/\|/g)?.length === 5)).toBe(true);
});
