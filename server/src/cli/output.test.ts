import { expect, test } from "vitest";
import { describeFailure } from "./output.ts";

test("a refused connection asks whether anything runs there", () => {
  const error = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:4007"), { code: "ECONNREFUSED" });
  expect(describeFailure(error)).toBe(
    "connect ECONNREFUSED 127.0.0.1:4007: nothing answers there. Does npm start run, or your PostgreSQL?",
  );
});

test("causes of causes are told, stacks are not", () => {
  const error = new Error("outer", { cause: new Error("middle", { cause: new Error("inner") }) });
  expect(describeFailure(error)).toBe("outer (middle (inner))");
});
