import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Actor, auditName } from "./actor.ts";

const spellings: [Actor, string][] = [
  [{ kind: "customer", id: "C-1" }, "customer:C-1"],
  [{ kind: "customer", id: "a:b\n" }, "customer:a:b\n"],
  [{ kind: "edge" }, "edge"],
  [{ kind: "worker" }, "worker"],
  [{ kind: "operator", name: "ada" }, "operator:ada"],
  [{ kind: "user", id: "7f", name: "Grace Hopper", role: "finance" }, "user:7f"],
  [{ kind: "system" }, "system"],
  [{ kind: "platform" }, "platform"],
];

test.each(spellings)("the audit logs spell the actor %j as they always did: %j", (actor, spelled) => {
  expect(auditName(actor)).toBe(spelled);
});

/** Names and ids that look like others' spellings come up often. */
const text = fc.oneof(
  fc.string(),
  fc.constantFrom("", "worker", "edge", ":", "customer:", "operator:x", "user:7f"),
);
const someone: fc.Arbitrary<Actor> = fc.oneof(
  text.map((id): Actor => ({ kind: "customer", id })),
  text.map((name): Actor => ({ kind: "operator", name })),
  text.map((id): Actor => ({ kind: "user", id, name: "one name", role: "viewer" })),
  fc.constantFrom("edge", "worker", "system", "platform").map((kind): Actor => ({ kind })),
);

test("two actors are never spelled alike, whatever a customer, an operator or a user calls itself", () => {
  fc.assert(
    fc.property(someone, someone, (one, other) => {
      expect(auditName(one) === auditName(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
  );
});

test("no text and no statement takes an actor as it is: the driver would write [object Object]", () => {
  const source = fileURLToPath(new URL("..", import.meta.url));
  const unspelled = globSync("**/*.ts", { cwd: source }).filter((file) =>
    /\$\{(?:\w+\.)*actor\}|\bactor \+|\+ (?:\w+\.)*actor\b/.test(readFileSync(`${source}/${file}`, "utf8")),
  );
  expect(unspelled).toEqual([]);
});
