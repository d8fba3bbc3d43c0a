import { expect, test } from "vitest";
import { type MasterKey, MasterKeyUnavailable } from "./master-key.ts";
import { rememberUnwrapped } from "./open-master-key.ts";
import { CannotDecrypt } from "./seal.ts";

/** A key service that answers, or fails as told. */
function service() {
  const state = { calls: 0, error: null as Error | null };
  const masterKey: MasterKey = {
    wrap: async ({ key }) => key,
    async unwrap({ wrapped }) {
      state.calls++;
      if (state.error) throw state.error;
      return wrapped;
    },
  };
  return { state, masterKey };
}

const input = { wrapped: new Uint8Array([1, 2, 3]), context: ["t1"] };
const hourMs = 3_600_000;

test("after an hour the service is asked again; while it is down the key in hand is used on", async () => {
  let now = 0;
  const { state, masterKey } = service();
  const remembered = rememberUnwrapped(masterKey, () => now);
  await remembered.unwrap(input);
  now = hourMs - 1;
  await remembered.unwrap(input);
  expect(state.calls).toBe(1);
  now = hourMs + 1;
  state.error = new MasterKeyUnavailable("down");
  await expect(remembered.unwrap(input)).resolves.toEqual(input.wrapped);
  expect(state.calls).toBe(2);
});

test("a service that refuses the key for good is obeyed, and a failure is not remembered", async () => {
  let now = 0;
  const { state, masterKey } = service();
  const remembered = rememberUnwrapped(masterKey, () => now);
  state.error = new MasterKeyUnavailable("down");
  await expect(remembered.unwrap(input)).rejects.toThrow("down");
  state.error = null;
  await remembered.unwrap(input);
  now = hourMs + 1;
  state.error = new CannotDecrypt("no");
  await expect(remembered.unwrap(input)).rejects.toThrow(CannotDecrypt);
});

test("other bytes or another context are never answered from memory", async () => {
  const { state, masterKey } = service();
  const remembered = rememberUnwrapped(masterKey);
  await remembered.unwrap(input);
  await remembered.unwrap({ ...input, context: ["t2"] });
  await remembered.unwrap({ ...input, wrapped: new Uint8Array([1, 2, 4]) });
  expect(state.calls).toBe(3);
});

test("a remembered key is 32 bytes of memory, not the 64 KB slab Node cut it from", async () => {
  const { masterKey } = service();
  const cut = Buffer.from("a key of thirty-two bytes, so to");
  expect(cut.buffer.byteLength).toBeGreaterThan(32);
  const key = await rememberUnwrapped(masterKey).unwrap({ ...input, wrapped: cut });
  expect(key.buffer.byteLength).toBe(32);
});
