import { chmodSync, existsSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { masterKeyConformance } from "./master-key.conformance.ts";
import { fileMasterKey, MasterKeyMissing, makeFileMasterKey } from "./master-key.ts";

const folder = temporaryFolders();
const file = () => join(folder(), "keys", "master.key");

/** The place of a key that was made. */
function made(): string {
  const path = file();
  makeFileMasterKey(path);
  return path;
}

masterKeyConformance(async () => fileMasterKey(made()));

test("no key is made by looking for one: whoever wraps or unwraps is told what is missing, until it is put back", async () => {
  const path = made();
  const wrapped = await fileMasterKey(path).wrap({ key: new Uint8Array(32), context: ["a"] });
  const elsewhere = `${path}.elsewhere`;
  renameSync(path, elsewhere);
  const ring = fileMasterKey(path);
  const words = `there is no master key at ${path}: put back the file`;
  for (const ask of [
    () => ring.wrap({ key: new Uint8Array(32), context: ["a"] }),
    () => ring.unwrap({ wrapped, context: ["a"] }),
    () => ring.isCurrent({ wrapped, context: ["a"] }),
    () => ring.renew(),
  ]) {
    await expect(ask()).rejects.toThrow(words);
    await expect(ask()).rejects.toBeInstanceOf(MasterKeyMissing);
  }
  expect(await ring.keys()).toEqual([]);
  expect(existsSync(path)).toBe(false);
  renameSync(elsewhere, path);
  await expect(ring.unwrap({ wrapped, context: ["a"] })).resolves.toHaveLength(32);
});

test("is made once, readable by its owner only as is its folder, and read again later", async () => {
  const path = made();
  expect(() => makeFileMasterKey(path)).toThrow("already");
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  const wrapped = await fileMasterKey(path).wrap({ key: new Uint8Array(32), context: ["a"] });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(path).size).toBe(32);
  await expect(fileMasterKey(path).unwrap({ wrapped, context: ["a"] })).resolves.toHaveLength(32);
  const other = made();
  await expect(fileMasterKey(other).unwrap({ wrapped, context: ["a"] })).rejects.toThrow(
    `${other} is not the master key of a: put back the file`,
  );
});

test("refuses a file others may read, or of another size", () => {
  const path = made();
  chmodSync(path, 0o640);
  expect(() => fileMasterKey(path)).toThrow("chmod 600");
  chmodSync(path, 0o600);
  writeFileSync(path, "short");
  expect(() => fileMasterKey(path)).toThrow("not 32 bytes");
});

test("a newer key wraps, both unwrap, and a process that has not heard of it finds it", async () => {
  const path = made();
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
  const path = made();
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
