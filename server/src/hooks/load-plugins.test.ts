import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadPlugins } from "./load-plugins.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "plugins-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const write = (file: string, text: string) => writeFileSync(join(dir, file), text);
const good = `export default { name: "acme", hooks: { CalculateSurcharge: { after: (c, o) => o } } };`;

test("each tenant has its own hooks, and no tenant another's", async () => {
  write("acme.js", good);
  write(
    "globex.ts",
    `export default { name: "g" as string, hooks: { SendReceipt: { before: (c: unknown, i: unknown) => i } } };`,
  );
  const hooksOf = await loadPlugins(dir);
  expect(Object.keys(hooksOf("acme"))).toEqual(["CalculateSurcharge"]);
  expect(Object.keys(hooksOf("globex"))).toEqual(["SendReceipt"]);
  expect(hooksOf("initech")).toEqual({});
  expect(hooksOf("constructor")).toEqual({});
});

test("files that are no plugin are let be", async () => {
  write("README.md", "# hooks");
  write("acme.test.ts", "throw new Error('a test');");
  write("acme.d.ts", "throw new Error('types');");
  expect((await loadPlugins(dir))("acme")).toEqual({});
});

test("a folder that is not there holds no plugins", async () => {
  expect((await loadPlugins(join(dir, "none")))("acme")).toEqual({});
});

describe("a broken plugin fails start-up, naming the tenant and the reason:", () => {
  test.each([
    ["it throws", "throw new Error('kaput')", "kaput"],
    ["it is no module", "export default {", ""],
    ["no default export", "export const hooks = {}", "definePlugin"],
    ["no name", "export default { hooks: {} }", "no name"],
    ["no hooks", "export default { name: 'x' }", "no hooks"],
    ["a step that does not exist", "export default { name: 'x', hooks: { ChargeTwice: {} } }", "ChargeTwice"],
    [
      "a phase that does not exist",
      "export default { name: 'x', hooks: { SendReceipt: { during() {} } } }",
      "during",
    ],
    [
      "a hook that is no function",
      "export default { name: 'x', hooks: { SendReceipt: { after: 1 } } }",
      "no function",
    ],
  ])("%s", async (_, text, reason) => {
    write("acme.js", text);
    const loading = loadPlugins(dir);
    await expect(loading).rejects.toThrow(/tenant acme/);
    await expect(loading).rejects.toThrow(reason);
  });

  test("two of them", async () => {
    write("acme.js", good);
    write("acme.ts", good);
    await expect(loadPlugins(dir)).rejects.toThrow("acme has two plugins");
  });
});
