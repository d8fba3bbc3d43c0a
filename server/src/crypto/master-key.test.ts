import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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

test("refuses a file that everybody may get at, in whatever way, or of another size", () => {
  const path = made();
  for (const mode of [0o644, 0o604, 0o602, 0o601, 0o666, 0o444]) {
    chmodSync(path, mode);
    expect(() => fileMasterKey(path)).toThrow("chmod 600");
  }
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

/** As Kubernetes mounts a Secret: each file a link to one in `..data`, itself a link that is swapped as a whole. */
function mountSecret(
  files: Record<string, Uint8Array>,
  { mode, folder: root }: { mode: number; folder: string },
) {
  const version = `..${Math.random()}`;
  mkdirSync(join(root, version), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(root, version, name), content);
    chmodSync(join(root, version, name), mode);
    rmSync(join(root, name), { force: true });
    symlinkSync(join("..data", name), join(root, name));
  }
  symlinkSync(version, join(root, "..data_tmp"));
  renameSync(join(root, "..data_tmp"), join(root, "..data"));
}

test.each([0o400, 0o440, 0o640, 0o600, 0o660])(
  "a mounted Secret of mode %o opens, and a newer key that is put into it is found by a running process",
  async (mode) => {
    const root = folder();
    const path = join(root, "master.key");
    const [first, second] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    mountSecret({ "master.key": first }, { mode, folder: root });
    const running = fileMasterKey(path);
    const before = await running.wrap({ key: new Uint8Array(32), context: ["a"] });
    mountSecret({ "master.key": first, "master.key.2": second }, { mode, folder: root });
    const after = await fileMasterKey(path).wrap({ key: new Uint8Array(32), context: ["a"] });
    await expect(running.unwrap({ wrapped: after, context: ["a"] })).resolves.toHaveLength(32);
    await expect(running.isCurrent({ wrapped: before, context: ["a"] })).resolves.toBe(false);
    // A rotation takes the one that waits there, and writes nothing.
    await running.renew();
    expect(await running.keys()).toMatchObject([{ name: `${path}.2` }, { name: path }]);
  },
);

test("a mounted Secret that everybody may read is refused, though its links are not the files", () => {
  const root = folder();
  mountSecret({ "master.key": new Uint8Array(32) }, { mode: 0o644, folder: root });
  expect(() => fileMasterKey(join(root, "master.key"))).toThrow("readable by others");
});

test("where no key can be written, the error says what to put there", () => {
  expect(() => makeFileMasterKey("/dev/null/keys/master.key")).toThrow(
    /^\/dev\/null\/keys\/master\.key cannot be made \(ENOTDIR\): put 32 random bytes there/,
  );
});
