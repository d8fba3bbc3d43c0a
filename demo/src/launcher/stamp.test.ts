import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { isCurrent, stampOf } from "./stamp.ts";

const dir = mkdtempSync(join(tmpdir(), "stamp-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("a stamp holds until a source changes, appears or moves", () => {
  writeFileSync(join(dir, "a.ts"), "one");
  const first = stampOf(dir, ["*.ts", "missing/*.ts"]);
  const file = join(dir, ".stamp");
  expect(isCurrent(file, first)).toBe(false);
  writeFileSync(file, first);
  expect(isCurrent(file, stampOf(dir, ["*.ts", "missing/*.ts"]))).toBe(true);
  writeFileSync(join(dir, "b.ts"), "");
  const second = stampOf(dir, ["*.ts"]);
  expect(isCurrent(file, second)).toBe(false);
  writeFileSync(join(dir, "a.ts"), "two");
  expect(stampOf(dir, ["*.ts"])).not.toBe(second);
});
