import fc from "fast-check";
import { expect, test } from "vitest";
import { conceal } from "./conceal.ts";

const secret = 'sk_live+4/1d "ü"';

test.each([
  ["as it is", secret],
  ["in JSON", JSON.stringify({ key: secret })],
  ["in a URL", `https://erp.test/?key=${encodeURIComponent(secret)}`],
  ["in a form", new URLSearchParams({ client_secret: secret }).toString()],
  ["in hex", Buffer.from(secret).toString("hex").toUpperCase()],
  ["in base64", Buffer.from(secret).toString("base64")],
  ["in base64 of credentials", Buffer.from(`user:${secret}`).toString("base64")],
  ["in base64url of credentials", Buffer.from(`\0u\0${secret}`).toString("base64url")],
])("%s: nothing of it is left", (_, text) => {
  const concealed = conceal(`said ${text}; and on`, [null, secret]);
  expect(concealed).toContain("(secret)");
  expect(concealed).toMatch(/^said .*; and on$/);
  expect(concealed).not.toContain(text);
});

test("several at once, everywhere; what is too short to mean anything stays", () => {
  expect(conceal("first1 a first1 second2", ["first1", "second2", "a"])).toBe("(secret) a (secret) (secret)");
});

test("whatever the secret and whatever stands around it, base64 of them all does not hold it", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 5 }),
      fc.string({ minLength: 8, unit: "grapheme" }),
      fc.uint8Array({ maxLength: 5 }),
      fc.constantFrom("base64", "base64url"),
      (before, random, after, encoding) => {
        const text = Buffer.concat([before, Buffer.from(random), after]).toString(encoding);
        expect(conceal(`<${text}>`, [random])).toBe("<(secret)>");
      },
    ),
    { numRuns: 500 },
  );
});

test("a long text that is meant to be slow is not", () => {
  const endless = "A".repeat(8 * 1024 * 1024);
  const startedAt = performance.now();
  expect(conceal(endless, ["AAAAAAAB", "canary"])).toBe(endless);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
