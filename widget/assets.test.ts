import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { trustedTypesPolicy } from "./assets.ts";

test("the policy that pages are told to allow is the one the form makes", () => {
  const source = readFileSync(join(import.meta.dirname, "src/page/trusted-html.ts"), "utf8");
  expect(source).toContain(`const name = "${trustedTypesPolicy}";`);
});
