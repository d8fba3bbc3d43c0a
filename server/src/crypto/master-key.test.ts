import { chmodSync, existsSync, statSync, writeFileSync } from "node:fs";
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

test("a newer key wraps, both unwrap, and a process that has not heard of it finds it", async () => {
  const path = file();
  const running = fileMasterKey(path);
  const before = await running.wrap({ key: new Uint8Array(32), context: ["a"] });
  const operator = fileMasterKey(path);
  await operator.renew();
  const after = await operator.wrap({ key: new Uint8Array(32), context: ["a"] });
  await expect(running.unwrap({ wrapped: after, context: ["a"] })).resolves.toHaveLength(32);
  await expect(operator.isCurrent({ wrapped: before, context: ["a"] })).resolves.toBe(false);
  await expect(operator.isCurrent({ wrapped: after, context: ["a"] })).resolves.toBe(true);
  expect(await operator.keys()).toMatchObject([{ name: `${path}.2` }, { name: path }]);
  expect(statSync(`${path}.2`).mode & 0o777).toBe(0o600);
});

test("a rotation that was stopped makes no third key; a retired one is gone and never made again", async () => {
  const path = file();
  const ring = fileMasterKey(path);
  const old = await ring.wrap({ key: new Uint8Array(32), context: ["a"] });
  await ring.renew();
  await ring.renew();
  const wrapped = await ring.wrap({ key: new Uint8Array(32), context: ["a"] });
  expect(await ring.keys()).toHaveLength(2);
  await expect(ring.retire([path, "/elsewhere"])).resolves.toEqual([path]);
  const later = fileMasterKey(path);
  expect(existsSync(path)).toBe(false);
  await expect(later.unwrap({ wrapped, context: ["a"] })).resolves.toHaveLength(32);
  await expect(later.unwrap({ wrapped: old, context: ["a"] })).rejects.toThrow("put back the file");
  await later.renew();
  expect(await later.keys()).toMatchObject([{ name: `${path}.3` }, { name: `${path}.2` }]);
});
