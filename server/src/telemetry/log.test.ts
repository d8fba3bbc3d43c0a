import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createLogger } from "./log.ts";

function logged(write: (log: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  const destination = new PassThrough().on("data", (line) => lines.push(String(line)));
  write(createLogger({ name: "test", destination }));
  return lines.join("");
}

test("an error's row values, headers and parameters are not logged, its causes are", () => {
  const cause = Object.assign(new Error("duplicate key"), {
    code: "23505",
    detail: "Key (email)=(ada@canary.test) already exists.",
    parameters: ["sk_canary"],
    response: { headers: { authorization: "Bearer canary" } },
  });
  const line = logged((log) => log.error({ err: new Error("cannot save", { cause }) }, "failed"));
  expect(line).not.toContain("canary");
  expect(JSON.parse(line)).toMatchObject({
    name: "test",
    msg: "failed",
    err: { message: "cannot save", cause: { message: "duplicate key", code: "23505" } },
  });
});

test("times are UTC instants", () => {
  const line = logged((log) => log.info("hello"));
  expect(JSON.parse(line).time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});
