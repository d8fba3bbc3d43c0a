import { expect, test } from "vitest";
import { allVariables } from "../server/contract/environment/all-variables.ts";
import { describeEnvironment, readEnvironment } from "../server/contract/environment/index.ts";
import { environments } from "./environment-tables.ts";

const rows = environments.flatMap((environment) =>
  describeEnvironment(environment).map((row) => ({ program: environment.program, ...row })),
);

test("every process knows the variables of all the others, so that a file of settings may be shared", () => {
  const read = rows.map(({ name }) => name).filter((name) => name.startsWith("CLARITY_"));
  expect([...new Set(read)].sort()).toEqual([...allVariables].sort());
});

test("every default is itself a right value, and what is required has none", () => {
  for (const environment of environments) {
    for (const [name, variable] of Object.entries(environment.variables)) {
      const { default: written, required = false, kind } = variable;
      expect([name, written !== undefined && required]).toEqual([name, false]);
      if (written !== undefined) expect([name, kind.schema.safeParse(written).success]).toEqual([name, true]);
    }
  }
});

test("what may hold a password, a key or a token is marked secret, and its wrong value is never repeated", () => {
  const holders = rows.filter(({ kind }) => /password|redis:|JSON, a private/.test(kind));
  expect(holders.filter(({ secret, name }) => !secret && name !== "CLARITY_POOLER_URL")).toEqual([]);
  for (const environment of environments) {
    const env = Object.fromEntries(Object.keys(environment.variables).map((name) => [name, "hunter2 ;,"]));
    expect(() => readEnvironment(environment, env)).toThrow(/must be/);
    expect(() => readEnvironment(environment, env)).not.toThrow(/hunter2/);
  }
});
