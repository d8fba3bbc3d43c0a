import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Api } from "./api.ts";
import { Clock, stopwatch } from "./clock.ts";

/** The world's time; the device's runs ahead of it or behind. */
const start = Date.UTC(2026, 10, 30, 12);
let steadyMs = 0;
let sleptMs = 0;
let aheadMs = 0;
const serverMs = () => start + steadyMs + sleptMs;
/** As time goes by; asleep, what browsers measure with may stand. */
const pass = (ms: number, asleep = false) => {
  if (asleep) sleptMs += ms;
  else steadyMs += ms;
};

beforeEach(() => {
  [steadyMs, sleptMs, aheadMs] = [0, 0, 0];
  vi.spyOn(Date, "now").mockImplementation(() => serverMs() + aheadMs);
  vi.spyOn(performance, "now").mockImplementation(() => steadyMs);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const minute = 60_000;
const hour = 60 * minute;
const year = 365 * 24 * hour;
const offsets = [61_000, 2 * minute, 3 * hour, 10 * year].flatMap((ms) => [ms, -ms]);

interface Edge {
  /** Proofs that were too early or too late. */
  refused: number;
  served: string[];
}

/** An edge with a clock of its own: it takes proofs of a minute around, each once, and tokens for ten minutes. */
function serve({ tellsDate = true } = {}): Edge {
  const edge: Edge = { refused: 0, served: [] };
  const used = new Set<string>();
  let opened = 0;
  const answer = (status: number, body: object) => {
    const date: Record<string, string> = tellsDate ? { date: new Date(serverMs()).toUTCString() } : {};
    return Response.json(body, { status, headers: date });
  };
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const [, claims = ""] = new Headers(init.headers).get("dpop")?.split(".") ?? [];
    const { iat, jti } = JSON.parse(Buffer.from(claims, "base64url").toString());
    pass(200);
    if (used.has(jti) || Math.abs(serverMs() / 1000 - iat) > 60) {
      edge.refused++;
      return answer(401, { code: "proof_invalid", detail: "iat is too far from now" });
    }
    used.add(jti);
    const { pathname } = new URL(url);
    if (pathname === "/v1/session") {
      opened = serverMs();
      edge.served.push(pathname);
      return answer(200, { accessToken: `a${opened}`, expiresInS: 600, customer: { id: "C-1" } });
    }
    if (serverMs() > opened + 600_000) return answer(401, { code: "token_expired" });
    edge.served.push(pathname);
    return answer(200, { invoices: [] });
  });
  return edge;
}

function open(clock = new Clock()): Api {
  const { signal } = new AbortController();
  let minted = 0;
  const claims = () => Buffer.from(JSON.stringify({ sub: "C-1", jti: ++minted })).toString("base64url");
  const token = async () => `h.${claims()}.s`;
  return new Api({
    base: "https://pay.test",
    script: "https://pay.test/v/1/pay-form.js",
    locales: () => ["en"],
    token,
    signal,
    changedHands: () => {},
    isFixed: () => false,
    clock,
  });
}

test.each(offsets)(
  "a device whose clock is %d ms off opens a session, and from then on is in time",
  async (off) => {
    aheadMs = off;
    const edge = serve();
    const api = open();
    await api.open();
    expect(edge.refused).toBe(1);
    for (let n = 0; n < 12; n++) {
      pass(minute);
      await api.invoices();
    }
    expect(edge.refused).toBe(1);
    // After ten minutes a new session, by the server's clock, and none sooner.
    expect(edge.served.filter((path) => path === "/v1/session")).toHaveLength(2);
  },
);

test.each(offsets)(
  "a clock that jumps by %d ms while the form is open costs one more request at most",
  async (off) => {
    const edge = serve();
    const api = open();
    await api.open();
    pass(minute);
    aheadMs = off;
    for (let n = 0; n < 5; n++) await api.invoices();
    expect(edge.refused).toBeLessThanOrEqual(1);
    expect(edge.served.filter((path) => path === "/v1/invoices")).toHaveLength(5);
  },
);

test.each([5 * minute, 9 * hour])("a device that slept for %d ms goes on", async (asleepMs) => {
  const edge = serve();
  const api = open();
  await api.open();
  pass(asleepMs, true);
  await api.invoices();
  expect(edge.refused).toBe(0);
});

test("a right clock costs no request more", async () => {
  const edge = serve();
  const api = open();
  await api.open();
  await api.invoices();
  expect(edge).toMatchObject({ refused: 0, served: ["/v1/session", "/v1/invoices"] });
});

test("whoever asks next of this page knows the time already", async () => {
  aheadMs = hour;
  const edge = serve();
  const clock = new Clock();
  await open(clock).open();
  await open(clock).open();
  expect(edge.refused).toBe(1);
});

test("where no answer tells the time it is the proof that was refused, after one try", async () => {
  aheadMs = hour;
  const edge = serve({ tellsDate: false });
  await expect(open().open()).rejects.toMatchObject({ code: "proof_invalid" });
  expect(edge.refused).toBe(1);
});

test("a proof refused for anything else is not made again", async () => {
  const calls: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    calls.push(url);
    const headers = { date: new Date(serverMs()).toUTCString() };
    return Response.json({ code: "proof_invalid" }, { status: 401, headers });
  });
  await expect(open().open()).rejects.toMatchObject({ code: "proof_invalid" });
  expect(calls).toHaveLength(1);
});

test("what is no date tells nothing", () => {
  const clock = new Clock();
  for (const date of [null, "", "soon"]) clock.told(date);
  expect(clock.now()).toBe(serverMs());
});

test("it has been as long as the longer clock says: asleep, set back or set forward", () => {
  const since = stopwatch();
  pass(10 * minute);
  aheadMs = -hour;
  expect(since()).toEqual({ atLeastMs: 10 * minute, apartMs: hour });
  aheadMs = 0;
  pass(hour, true);
  expect(since()).toEqual({ atLeastMs: hour + 10 * minute, apartMs: hour });
});

test("it is in doubt after a sleep or a jump, until the next answer", () => {
  const clock = new Clock();
  pass(hour);
  expect(clock.isInDoubt).toBe(false);
  pass(minute, true);
  expect(clock.isInDoubt).toBe(true);
  clock.told(new Date(serverMs()).toUTCString());
  expect(clock.isInDoubt).toBe(false);
});
