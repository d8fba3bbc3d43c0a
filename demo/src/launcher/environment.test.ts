import { readEnvironment } from "@clarity/server/contract/environment";
import { expect, test } from "vitest";
import { launcherEnvironment } from "./environment.ts";

const portOf = (CLARITY_PORT: string) =>
  readEnvironment(launcherEnvironment, { CLARITY_PORT }).values.CLARITY_PORT;

test("a base port leaves room for the seven others; what does not is refused", () => {
  expect([portOf(""), portOf("1024"), portOf("65528")]).toEqual([4000, 1024, 65_528]);
  for (const wrong of ["80", "65529", "65530", "4000.5", "port", "-4000", "0x1000"]) {
    expect(() => portOf(wrong)).toThrow("CLARITY_PORT must be a port, 1024 to 65528");
  }
});
