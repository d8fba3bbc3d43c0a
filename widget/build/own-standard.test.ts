import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ownStandard } from "./own-standard.ts";

/** The build as it is: `npm test` makes it first. */
const dist = join(import.meta.dirname, "..", "dist");

test.each(["pay-form.js", "loader.js", "card-frame.js", "embed-page.js"])(
  "%s asks the page for nothing that pages take away",
  (name) => {
    const source = readFileSync(join(dist, name), "utf8");
    for (const free of Object.keys(ownStandard("")).filter((each) => each.includes(".")))
      expect(new RegExp(`(?<![\\w.])${free.replace(".", "\\.")}\\(`).test(source), free).toBe(false);
    expect(source).not.toMatch(/(?<![\w.`])(?:fetch|queueMicrotask)\(/);
    // Prototype.js gives them another meaning, and no build can tell an array's from another's: loop instead.
    expect(source).not.toMatch(/(?<!Object)\.(?:entries|reduce|reduceRight|zip|include)\(/);
  },
);
