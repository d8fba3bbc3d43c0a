import { expect, test } from "vitest";
import { statementName } from "./statement-name.ts";

const nameOf = (strings: TemplateStringsArray, ..._values: unknown[]) => statementName(strings);

test("a statement is named by what it does to which tables, without its values", () => {
  expect(nameOf`select tenant_id from pay.settings where key = ${"secret"}`).toBe("SELECT pay.settings");
  expect(nameOf`
    with moved as (update pay.payments set state = ${"x"} returning *)
    insert into pay.audit_log select * from moved join pay.payments using (id)`).toBe(
    "UPDATE pay.payments INSERT pay.audit_log SELECT pay.payments",
  );
  expect(nameOf`select 1`).toBe("SELECT");
});
