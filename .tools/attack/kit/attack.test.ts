import { afterAll, beforeAll, describe, test } from "vitest";
import { families } from "./families.ts";

/** `npm run attack` has the rest. */
const dozen = 12;

describe.each(await families())("$name", ({ checks, open, close }) => {
  beforeAll(async () => open?.());
  afterAll(async () => close?.());
  test.each(checks.slice(0, dozen))("$name", async ({ run }) => run());
});
