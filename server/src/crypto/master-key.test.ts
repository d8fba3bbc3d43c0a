import { chmodSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { masterKeyConformance } from "./master-key.conformance.ts";
import { fileMasterKey } from "./master-key.ts";

const folder = temporaryFolders();
const file = () => join(folder(), "keys", "master.key");

masterKeyConformance(async () => fileMasterKey(file()));

test("is made once, readable by its owner only, and read again later", async () => {
  const path = file();
  const wrapped = await fileMasterKey(path).wrap({ key: new Uint8Array(32), context: ["a"] });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(path).size).toBe(32);
  await expect(fileMasterKey(path).unwrap({ wrapped, context: ["a"] })).resolves.toHaveLength(32);
  const other = file();
  await expect(fileMasterKey(other).unwrap({ wrapped, context: ["a"] })).rejects.toThrow(
    `${other} is not the master key of a: put back the file`,
  );
});

test("refuses a file others may read, or of another size", () => {
  const path = file();
  fileMasterKey(path);
  chmodSync(path, 0o640);
  expect(() => fileMasterKey(path)).toThrow("chmod 600");
  chmodSync(path, 0o600);
  writeFileSync(path, "short");
  expect(() => fileMasterKey(path)).toThrow("not 32 bytes");
});
