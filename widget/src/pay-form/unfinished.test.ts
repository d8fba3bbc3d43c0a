import type { PaymentRequest } from "@clarity/bff/contract";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { unfinishedOf } from "./unfinished.ts";

const edge = "https://pay.test";
const request = { id: "p1", currency: "USD" } as PaymentRequest;
let customers = 0;
const somebody = () => `C-${++customers}`;

beforeEach(() => {
  vi.useFakeTimers();
  const stored = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a payment under way", () => {
  test("is the customer's who began it, at the edge it was begun at", () => {
    const [mine, theirs] = [somebody(), somebody()];
    unfinishedOf(edge, mine).begin(request);
    expect(unfinishedOf(edge, mine)).toMatchObject({ id: "p1", request });
    for (const other of [unfinishedOf(edge, theirs), unfinishedOf("https://other.test", mine)]) {
      expect(other).toMatchObject({ id: null, request: null });
      other.settle("p1");
    }
    expect(unfinishedOf(edge, mine).id).toBe("p1");
  });

  test("that the server knows is asked about, not sent", () => {
    const mine = unfinishedOf(edge, somebody());
    mine.begin(request);
    mine.begin("p1");
    expect(mine).toMatchObject({ id: "p1", request: null });
    mine.settle("p1");
    expect(mine.id).toBe(null);
  });

  test("is not forgotten with one that was begun before it", () => {
    const mine = unfinishedOf(edge, somebody());
    mine.begin("p1");
    mine.begin({ ...request, id: "p2" });
    mine.settle("p1");
    mine.settle(null);
    expect(mine.id).toBe("p2");
  });

  test("is sent again within five minutes, and only looked for after", () => {
    const mine = unfinishedOf(edge, somebody());
    mine.begin(request);
    vi.advanceTimersByTime(299_000);
    expect(mine.request).toBe(request);
    vi.advanceTimersByTime(1_000);
    expect(mine).toMatchObject({ id: "p1", request: null });
  });

  test("leaves only its id in the tab: the next page looks for it", () => {
    const customer = somebody();
    unfinishedOf(edge, customer).begin(request);
    expect(sessionStorage.getItem(`pay:unfinished ${edge} ${customer}`)).toBe("p1");
  });

  test("is remembered in a page that has no storage", () => {
    vi.stubGlobal("sessionStorage", undefined);
    const mine = unfinishedOf(edge, somebody());
    mine.begin(request);
    expect(mine.id).toBe("p1");
    mine.settle("p1");
    expect(mine.id).toBe(null);
  });
});
