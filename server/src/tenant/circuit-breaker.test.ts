import { expect, test } from "vitest";
import { createCircuitBreaker } from "./circuit-breaker.ts";
import { TenantUnavailable } from "./errors.ts";

test("after three failures in a row a tenant is refused at once, others are not, and one in a while looks again", () => {
  let now = 0;
  const breaker = createCircuitBreaker(() => now);
  for (let n = 0; n < 3; n++) {
    breaker.check("a");
    breaker.failed("a");
  }
  expect(() => breaker.check("a")).toThrow(TenantUnavailable);
  breaker.check("b");
  now += 500;
  breaker.check("a");
  expect(() => breaker.check("a")).toThrow(TenantUnavailable);
  breaker.answered("a");
  breaker.check("a");
});

test("failures with an answer between them are no reason to refuse", () => {
  const breaker = createCircuitBreaker(() => 0);
  for (let n = 0; n < 10; n++) {
    breaker.failed("a");
    breaker.answered("a");
    breaker.failed("a");
    breaker.check("a");
  }
});
