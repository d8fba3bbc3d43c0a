import { expect, test } from "vitest";
import { runFamily } from "./run-family.ts";

const holds = { name: "holds", run: async () => {} };
const falls = {
  name: "falls",
  async run() {
    throw new Error("it got in\nby the window");
  },
};

test("what falls is named with its reason, and the rest is tried all the same", async () => {
  expect(await runFamily({ name: "doors", checks: [falls, holds, falls] })).toEqual({
    name: "doors",
    tried: 3,
    fallen: [
      { check: "falls", why: "it got in by the window" },
      { check: "falls", why: "it got in by the window" },
    ],
  });
});

test("a family that cannot start has held nothing, and is closed", async () => {
  const done: string[] = [];
  const family = {
    name: "doors",
    checks: [holds],
    open: async () => {
      throw new Error("no port");
    },
    close: async () => void done.push("closed"),
  };
  expect((await runFamily(family)).fallen).toEqual([{ check: "holds", why: "no port" }]);
  expect(done).toEqual(["closed"]);
});
