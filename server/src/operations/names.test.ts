import fc from "fast-check";
import { expect, test } from "vitest";
import { names, namespacePattern } from "./names.ts";

const hex = (digits: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`));

test("every name fits into PostgreSQL's 63 bytes in every namespace, and no two are the same", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.stringMatching(namespacePattern), fc.constant("n".repeat(20))),
      fc.uniqueArray(fc.uuid(), { minLength: 2, maxLength: 2 }),
      fc.uniqueArray(hex(6), { minLength: 2, maxLength: 2 }),
      fc.integer({ min: 1, max: 9_999 }),
      hex(16),
      (namespace, ids, suffixes, version, scratch) => {
        const ofAll = [
          names.registry(namespace),
          names.owner(namespace),
          names.tenants(namespace),
          names.template(namespace, version),
          names.scratch(namespace, scratch),
        ];
        const restored = suffixes.map((suffix) => `r${suffix}` as const);
        const ofOne = ids.flatMap((id) => [
          names.tenant(namespace, id),
          names.move(namespace, id),
          ...(["move", "drill", "verify", "dryrun", ...restored] as const).map((what) =>
            names.beside(namespace, id, what),
          ),
        ]);
        const all = [...ofAll, ...ofOne];
        for (const name of all) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
        expect(new Set(all).size).toBe(all.length);
      },
    ),
  );
});

test("a namespace one longer than that is none", () => {
  expect("n".repeat(20)).toMatch(namespacePattern);
  expect("n".repeat(21)).not.toMatch(namespacePattern);
});
