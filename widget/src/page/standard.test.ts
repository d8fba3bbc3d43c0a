import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";

let own: typeof import("./standard.ts");
beforeAll(async () => {
  class OnePage {
    get implementation() {
      return { createHTMLDocument: () => new OnePage() };
    }
    createEvent() {
      return new Event("any");
    }
  }
  vi.stubGlobal("window", { document: new OnePage() });
  own = await import("./standard.ts");
});

describe("what stands in for the standard's is the standard's", () => {
  test("JSON of plain data, whatever it is", () => {
    const field = fc.oneof(fc.jsonValue(), fc.constant(undefined));
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), field)), (value) => {
        expect(JSON.parse(own.jsonOf(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("JSON of every character, and of what a page has given its prototypes", () => {
    const text = Array.from({ length: 0x300 }, (_, code) => String.fromCharCode(code)).join("");
    expect(JSON.parse(own.jsonOf({ text }))).toEqual({ text });
    const prototypes = [Array.prototype, Object.prototype, String.prototype] as object[];
    try {
      for (const each of prototypes) Object.assign(each, { toJSON: () => "another's" });
      expect(own.jsonOf({ ids: ["1", "2"], when: { now: null } })).toBe(
        '{"ids":["1","2"],"when":{"now":null}}',
      );
    } finally {
      for (const each of prototypes) Reflect.deleteProperty(each, "toJSON");
    }
  });

  test("an identifier of version 4, another each time", () => {
    const ids = Array.from({ length: 500 }, () => own.uuid());
    for (const id of ids)
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(new Set(ids).size).toBe(500);
    for (let at = 0; at < 36; at++)
      if (![8, 13, 14, 18, 19, 23].includes(at))
        expect(new Set(ids.map((id) => id[at])).size, `${at}`).toBe(16);
  });

  test.each([
    ["/a", "https://erp.test/x"],
    ["https://erp.test/", undefined],
    ["nothing", undefined],
    ["//[", "https://erp.test/"],
  ])("address %s at %s", (text, base) => {
    expect(own.parseUrl(text, base)?.href).toBe(URL.parse(text, base)?.href);
  });

  test.each(["2026-11-30T10:00:00Z", "Mon, 30 Nov 2026 10:00:00 GMT", "2026-11-30", "", "soon"])(
    "an instant: %s",
    (text) => {
      expect(own.instantOf(text)).toBe(Date.parse(text));
    },
  );

  test("an array of so many", () => {
    expect(own.arrayOf({ length: 3 }, (_, at) => at * 2)).toEqual([0, 2, 4]);
    expect(own.arrayOf(["a", "b"], (text) => `${text}!`)).toEqual(["a!", "b!"]);
    // Lit copies so.
    expect(own.arrayOf(["a", "b"])).toEqual(["a", "b"]);
  });

  test("groups", () => {
    const keyOf = (n: number) => n % 3;
    const numbers = [1, 2, 3, 4, 5, 6, 7];
    expect([...own.groupBy(numbers, keyOf)]).toEqual([...Map.groupBy(numbers, keyOf)]);
  });

  test("a promise that is settled from outside, once", async () => {
    const { promise, resolve, reject } = own.withResolvers<number>();
    resolve(1);
    reject(new Error("late"));
    expect(await promise).toBe(1);
  });

  test("signals: the first one ends all, also one that has ended", () => {
    vi.useFakeTimers();
    const page = new AbortController();
    const both = own.anyOf([page.signal, own.timeout(1000)]);
    const after = own.anyOf([own.timeout(5000), page.signal]);
    vi.advanceTimersByTime(999);
    expect(both.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect([both.aborted, after.aborted]).toEqual([true, false]);
    page.abort();
    expect(after.aborted).toBe(true);
    expect(own.anyOf([page.signal]).aborted).toBe(true);
    vi.useRealTimers();
  });
});
