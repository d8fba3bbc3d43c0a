import { expect, test } from "vitest";
import { TenantUnavailable } from "./errors.ts";
import { createPatience } from "./patience.ts";

test("after three failures in a row a tenant is refused at once, others are not, and one in a while looks again", () => {
  let now = 0;
  const patience = createPatience(() => now);
  for (let n = 0; n < 3; n++) {
    patience.ask("a");
    patience.failed("a");
  }
  expect(() => patience.ask("a")).toThrow(TenantUnavailable);
  patience.ask("b");
  now += 500;
  patience.ask("a");
  expect(() => patience.ask("a")).toThrow(TenantUnavailable);
  patience.answered("a");
  patience.ask("a");
});

test("failures with an answer between them are no reason to refuse", () => {
  const patience = createPatience(() => 0);
  for (let n = 0; n < 10; n++) {
    patience.failed("a");
    patience.answered("a");
    patience.failed("a");
    patience.ask("a");
  }
});
