import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openDataDir } from "./data-dir.ts";

const dir = mkdtempSync(join(tmpdir(), "data-dir-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("makes what is missing, the keys for the owner's eyes only, as often as asked", () => {
  const dataDir = join(dir, "a", "data");
  openDataDir(dataDir);
  const { keyDir } = openDataDir(dataDir);
  expect(statSync(keyDir).mode & 0o777).toBe(0o700);
});

test("a folder that cannot be had is named, with the setting that names another", () => {
  const file = join(dir, "file");
  writeFileSync(file, "");
  const withFile = join(dir, "with-file");
  openDataDir(withFile);
  rmSync(join(withFile, "logs"), { recursive: true });
  writeFileSync(join(withFile, "logs"), "");
  for (const wrong of [file, join(file, "below"), withFile]) {
    expect(() => openDataDir(wrong)).toThrow(/^the data folder .* is of no use .* CLARITY_DATA_DIR$/);
  }
});
