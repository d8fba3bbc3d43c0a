import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openDataDir } from "./data-dir.ts";

const dir = mkdtempSync(join(tmpdir(), "data-dir-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("makes what is missing, all of it for the owner's eyes only, as often as asked", () => {
  const dataDir = join(dir, "a", "data");
  for (const _ of [1, 2]) {
    const { keyDir, logDir } = openDataDir(dataDir);
    for (const folder of [dataDir, keyDir, logDir]) expect(statSync(folder).mode & 0o777).toBe(0o700);
  }
});

test("closes what an earlier release made open", () => {
  const dataDir = join(dir, "open");
  const { keyDir, logDir } = openDataDir(dataDir);
  for (const folder of [dataDir, keyDir, logDir]) chmodSync(folder, 0o755);
  openDataDir(dataDir);
  for (const folder of [dataDir, keyDir, logDir]) expect(statSync(folder).mode & 0o777).toBe(0o700);
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
