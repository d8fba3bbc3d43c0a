import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { MasterKey } from "./master-key.ts";

/** What every master key must do, wherever it lives. */
export function masterKeyConformance(make: () => Promise<MasterKey>): void {
  const key = randomBytes(32);

  test("unwraps what it wrapped", async () => {
    const masterKey = await make();
    const wrapped = await masterKey.wrap({ key, context: ["t1", "data-key", "1"] });
    const unwrapped = await masterKey.unwrap({ wrapped, context: ["t1", "data-key", "1"] });
    expect(Buffer.from(unwrapped)).toEqual(key);
  });

  test("the wrapped key does not show the key and differs every time", async () => {
    const masterKey = await make();
    const once = Buffer.from(await masterKey.wrap({ key, context: [] }));
    const again = Buffer.from(await masterKey.wrap({ key, context: [] }));
    expect(once.includes(key)).toBe(false);
    expect(once.equals(again)).toBe(false);
  });

  test.each([
    [["t2", "data-key", "1"]],
    [["t1", "data-key", "2"]],
    [["t1", "data-key"]],
    [["t1data-key", "1"]],
  ])("refuses the context %j", async (context) => {
    const masterKey = await make();
    const wrapped = await masterKey.wrap({ key, context: ["t1", "data-key", "1"] });
    await expect(masterKey.unwrap({ wrapped, context })).rejects.toThrow();
  });

  test("refuses any altered byte", async () => {
    const masterKey = await make();
    const wrapped = await masterKey.wrap({ key, context: ["t1"] });
    for (let at = 0; at < wrapped.length; at++) {
      const altered = Uint8Array.from(wrapped, (byte, index) => (index === at ? byte ^ 1 : byte));
      await expect(masterKey.unwrap({ wrapped: altered, context: ["t1"] })).rejects.toThrow();
    }
  });
}
