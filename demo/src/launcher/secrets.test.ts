import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ensureSecrets } from "./secrets.ts";

const dir = mkdtempSync(join(tmpdir(), "secrets-"));
afterAll(() => rmSync(dir, { recursive: true }));

test("secrets are made once, for the owner's eyes only, and found again", () => {
  const first = ensureSecrets(dir);
  expect(statSync(join(dir, "secrets.json")).mode & 0o777).toBe(0o600);
  expect(ensureSecrets(dir)).toEqual(first);
  expect(first.embed.globex.publicJwk).not.toHaveProperty("d");
  expect(first.embed.acme.secret.length).toBeGreaterThanOrEqual(32);
});

test("damaged secrets are named, with what to do, and left as they are", () => {
  const file = join(dir, "secrets.json");
  const first = ensureSecrets(dir);
  const { d365, ...short } = first;
  for (const damaged of ["{{{", "", "{}", JSON.stringify(short)]) {
    writeFileSync(file, damaged);
    expect(() => ensureSecrets(dir)).toThrow(`${file} is damaged: delete it and start again`);
  }
  rmSync(file);
  const second = ensureSecrets(dir);
  expect(second.d365.clientSecret).not.toBe(d365.clientSecret);
  // Tenants know the first keys under the first ids.
  expect(second.embed.acme.id).not.toBe(first.embed.acme.id);
  expect(second.embed.globex.id).not.toBe(first.embed.globex.id);
});
