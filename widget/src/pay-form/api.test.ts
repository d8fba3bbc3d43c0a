import { randomUUID } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { Api, type ApiError, fetchToken, type Grant, type TokenSource } from "./api.ts";
import { Clock } from "./clock.ts";

interface Call {
  path: string;
  redirect: RequestRedirect | undefined;
  authorization: string | null;
  proof: string | null;
  body: unknown;
}

/** Answers by path, in order; records what was sent. */
function serve(answers: Record<string, (() => Response | Promise<Response>)[]>): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    // Why it is not heard is asked of our script: `page/causes.test.ts`.
    if (init.method === "HEAD") throw new TypeError("no connection");
    const path = new URL(url).pathname;
    const headers = new Headers(init.headers);
    const body = init.body ? JSON.parse(String(init.body)) : null;
    const { redirect } = init;
    calls.push({
      path,
      redirect,
      authorization: headers.get("authorization"),
      proof: headers.get("dpop"),
      body,
    });
    const answer = answers[path]?.shift();
    if (!answer) throw new TypeError("no connection");
    return answer();
  });
  return calls;
}

const json =
  (body: unknown, init: ResponseInit = {}) =>
  () =>
    Response.json(body, init);
const problem = (status: number, code: string, headers: Record<string, string> = {}) =>
  json({ code, requestId: "r1" }, { status, headers });
const session = (accessToken: string, expiresInS = 600, customer = "C-1") =>
  json({ accessToken, expiresInS, customer: { id: customer } });
const tokens =
  (...list: string[]) =>
  async () =>
    list.shift() ?? "last";
const jwt = (sub: string, more = {}) =>
  `h.${Buffer.from(JSON.stringify({ sub, jti: randomUUID(), ...more })).toString("base64url")}.s`;
interface More {
  grant?: Grant;
  changedHands?: () => void;
  /** Default: a source of many. */
  isFixed?: boolean;
  clock?: Clock;
}
function make(token: () => Promise<unknown>, more: More = {}): Api {
  const { grant, changedHands = () => {}, isFixed = false, clock = new Clock() } = more;
  const signal = new AbortController().signal;
  const locales = () => ["de-CH"];
  return new Api(
    {
      ...{
        base: "https://pay.test",
        script: "https://pay.test/v/1/pay-form.js",
        locales,
        token: token as TokenSource,
        signal,
        changedHands,
        clock,
      },
      isFixed: () => isFixed,
    },
    grant,
  );
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("a session is opened with the embed token and the wanted languages, under a proof", async () => {
  const calls = serve({ "/v1/session": [session("a1")] });
  await make(tokens("t1")).open();
  expect(calls).toMatchObject([{ authorization: null, body: { token: "t1", locales: ["de-CH"] } }]);
  expect(calls[0]?.proof?.split(".")).toHaveLength(3);
});

test("a session that runs out is renewed once, unseen, and the call goes on", async () => {
  const calls = serve({
    "/v1/session": [session("a1"), session("a2")],
    "/v1/invoices": [problem(401, "token_expired"), json({ invoices: [] })],
  });
  const api = make(tokens(jwt("C-1"), jwt("C-1")));
  await api.open();
  expect(await api.invoices()).toEqual({ invoices: [] });
  expect(calls.map(({ path, authorization }) => [path, authorization])).toEqual([
    ["/v1/session", null],
    ["/v1/invoices", "DPoP a1"],
    ["/v1/session", null],
    ["/v1/invoices", "DPoP a2"],
  ]);
});

test("a token about to end is renewed before it is used", async () => {
  const calls = serve({ "/v1/session": [session("a1", 5), session("a2")], "/v1/invoices": [json({})] });
  const api = make(tokens(jwt("C-1"), jwt("C-1")));
  await api.open();
  await api.invoices();
  expect(calls.at(-1)?.authorization).toBe("DPoP a2");
});

test("a refused renewal ends in words, not in a loop", async () => {
  const refused = problem(401, "token_expired");
  serve({ "/v1/session": [session("a1"), session("a2")], "/v1/invoices": [refused, refused, refused] });
  const api = make(tokens(jwt("C-1"), jwt("C-1")));
  await api.open();
  await expect(api.invoices()).rejects.toMatchObject({ code: "token_expired", transient: false });
});

test("a single embed token opens one session; after that it has ended", async () => {
  serve({ "/v1/session": [session("a1", 1)] });
  const api = make(async () => "the only one");
  await api.open();
  await expect(api.invoices()).rejects.toMatchObject({ code: "session_ended" });
});

test("a token whose session could not be opened may be tried again", async () => {
  serve({ "/v1/session": [problem(503, "tenant_unavailable"), session("a1")] });
  const api = make(async () => "the only one");
  await expect(api.open()).rejects.toMatchObject({ transient: true });
  await expect(api.open()).resolves.toMatchObject({ accessToken: "a1" });
});

test.each([
  ["no connection", undefined, "network", true],
  ["a 503", problem(503, "unavailable"), "unavailable", true],
  ["a bare 502 of some proxy", () => new Response("<h1>Bad gateway", { status: 502 }), "unavailable", true],
  ["a bare 429", () => new Response("", { status: 429 }), "rate_limited", true],
  ["a 200 that cannot be read", () => new Response("{"), "network", true],
  ["a 422", problem(422, "currency_mismatch"), "currency_mismatch", false],
])("%s has a code, and says whether trying again may help", async (_, answer, code, transient) => {
  serve({ "/v1/session": [session("a1")], "/v1/invoices": answer ? [answer] : [] });
  const api = make(tokens("t1"));
  await api.open();
  await expect(api.invoices()).rejects.toMatchObject({ code, transient });
});

test("Retry-After is read as seconds and as a date, and never beyond a minute", async () => {
  const date = new Date(Date.now() + 10_000).toUTCString();
  const limits = ["7", date, "86400", "soon"].map((value) =>
    problem(429, "rate_limited", { "retry-after": value }),
  );
  serve({ "/v1/session": [session("a1")], "/v1/invoices": limits });
  const api = make(tokens("t1"));
  await api.open();
  const waits: number[] = [];
  for (let n = 0; n < 4; n++) {
    await api.invoices().catch((error: ApiError) => waits.push(error.retryAfterMs));
  }
  expect(waits[0]).toBe(7000);
  expect(waits[1]).toBeGreaterThan(8000);
  expect(waits.slice(2)).toEqual([60_000, 0]);
});

/** The key a request proved. */
const keyOf = (call: Call | undefined) =>
  JSON.stringify(JSON.parse(Buffer.from(call?.proof?.split(".")[0] ?? "", "base64url").toString()).jwk);

test("nothing of ours follows a redirect: a token would go with it", async () => {
  const calls = serve({ "/v1/session": [session("a1")], "/v1/invoices": [json({})] });
  const api = make(tokens("t1"));
  await api.open();
  await api.invoices();
  expect(calls.map(({ redirect }) => redirect)).toEqual(["error", "error"]);
});

test("a token whose answer was lost is sent again under the same key, by another element of the page too", async () => {
  const calls = serve({ "/v1/session": [session("a1"), session("a1")] });
  const token = async () => " the only one\n";
  const api = make(token);
  await expect(make(async () => "lost").open()).resolves.toBeDefined();
  await api.open();
  await expect(make(token).open()).rejects.toMatchObject({ code: "network" });
  const opened = calls.filter(({ path }) => path === "/v1/session");
  const [other, first, again] = opened;
  expect(opened.map(({ body }) => (body as { token: string }).token)).toEqual([
    "lost",
    "the only one",
    "the only one",
  ]);
  expect(keyOf(first)).toBe(keyOf(again));
  expect(keyOf(first)).not.toBe(keyOf(other));
});

test("a renewal proves a key of its own, and the session after it the same", async () => {
  const calls = serve({ "/v1/session": [session("a1", 1), session("a2")], "/v1/invoices": [json({})] });
  const api = make(tokens(jwt("C-1"), jwt("C-1")));
  await api.open();
  await api.invoices();
  const [first, renewal, read] = calls.map(keyOf);
  expect(renewal).not.toBe(first);
  expect(read).toBe(renewal);
});

test.each([
  ["another customer's token", jwt("C-2"), "C-2", 1],
  ["a token of fewer invoices", jwt("C-1", { invoices: ["i-1"] }), "C-1", 1],
  ["a token that turns out to be another's", jwt("C-1"), "C-2", 2],
  ["a token that cannot be read", "opaque", "C-1", 1],
])("a renewal with %s ends it all: nothing is asked for with it", async (_, next, customer, sessions) => {
  const calls = serve({
    "/v1/session": [session("a1", 1), session("a2", 600, customer)],
    "/v1/payments": [json({})],
  });
  let hands = 0;
  const api = make(tokens(jwt("C-1"), next), { changedHands: () => hands++ });
  await api.open();
  await expect(api.pay({ id: "p1" } as never)).rejects.toMatchObject({ code: "session_ended" });
  expect(hands).toBe(1);
  expect(calls.map(({ path }) => path)).toEqual(Array(sessions).fill("/v1/session"));
});

test("the session anew, for other words, may be opened with the same token", async () => {
  const calls = serve({ "/v1/session": [session("a1"), session("a2")] });
  const api = make(async () => "the only one");
  await api.open();
  await api.reopen();
  expect(keyOf(calls[0])).toBe(keyOf(calls[1]));
  expect(api.grant?.accessToken).toBe("a2");
});

describe("a session that can be renewed", () => {
  const opened = (accessToken: string, more = {}) =>
    json({
      ...{ accessToken, expiresInS: 1, renewableInS: 1_800, endsInS: 28_800, customer: { id: "C-1" } },
      ...more,
    });
  const renewal = (accessToken: string, more = {}) =>
    json({ accessToken, expiresInS: 600, renewableInS: 1_800, endsInS: 28_000, ...more });

  test("goes on by its own key: the page's only token is not asked for again, and not spent", async () => {
    const calls = serve({
      "/v1/session": [opened("a1")],
      "/v1/session/renew": [renewal("a2")],
      "/v1/invoices": [json({})],
    });
    const token = vi.fn(async () => "the only one");
    const api = make(token, { isFixed: true });
    await api.open();
    await api.invoices();
    expect(calls.map(({ path, authorization }) => [path, authorization])).toEqual([
      ["/v1/session", null],
      ["/v1/session/renew", "DPoP a1"],
      ["/v1/invoices", "DPoP a2"],
    ]);
    expect(new Set(calls.map(keyOf)).size).toBe(1);
    expect(token).toHaveBeenCalledOnce();
  });

  test("is renewed once by all that ask at the same time, and when a call finds it ended", async () => {
    const calls = serve({
      "/v1/session": [opened("a1", { expiresInS: 600 })],
      "/v1/session/renew": [renewal("a2")],
      "/v1/invoices": [problem(401, "token_expired"), json({})],
      "/v1/payments/p": [problem(401, "token_expired"), json({})],
    });
    const api = make(async () => "the only one", { isFixed: true });
    await api.open();
    await Promise.all([api.invoices(), api.payment("p")]);
    expect(calls.filter(({ path }) => path === "/v1/session/renew")).toHaveLength(1);
  });

  test("whose renewal is lost goes on with what it has, and asks again with the former token", async () => {
    const calls = serve({
      "/v1/session": [opened("a1", { expiresInS: 10 })],
      "/v1/session/renew": [() => Promise.reject(new TypeError("lost")), renewal("a2")],
      "/v1/invoices": [json({}), json({})],
    });
    const api = make(async () => "the only one", { isFixed: true });
    await api.open();
    await api.invoices();
    await api.invoices();
    expect(calls.slice(1).map(({ path, authorization }) => [path, authorization])).toEqual([
      ["/v1/session/renew", "DPoP a1"],
      ["/v1/invoices", "DPoP a1"],
      ["/v1/session/renew", "DPoP a1"],
      ["/v1/invoices", "DPoP a2"],
    ]);
  });

  test("whose renewal is lost after its token's end says that it may be tried again, and loses nothing", async () => {
    serve({
      "/v1/session": [opened("a1", { expiresInS: 0 })],
      "/v1/session/renew": [problem(503, "unavailable"), renewal("a2")],
      "/v1/invoices": [json({ invoices: [] })],
    });
    const api = make(async () => "the only one", { isFixed: true });
    await api.open();
    await expect(api.invoices()).rejects.toMatchObject({ transient: true });
    expect(await api.invoices()).toEqual({ invoices: [] });
  });

  test.each([
    ["token_expired", 401],
    ["token_invalid", 401],
    ["not_found", 404],
  ])("that is refused (%s) has ended with the page's only token", async (code, status) => {
    serve({ "/v1/session": [opened("a1")], "/v1/session/renew": [problem(status, code)] });
    const api = make(async () => "the only one", { isFixed: true });
    await api.open();
    await expect(api.invoices()).rejects.toMatchObject({ code: "session_ended", mayGoOn: false });
  });

  test("that is refused begins anew where the page gives another token for the same customer", async () => {
    const calls = serve({
      "/v1/session": [opened("a1"), session("b1")],
      "/v1/session/renew": [problem(401, "token_expired")],
      "/v1/invoices": [json({})],
    });
    const api = make(async () => jwt("C-1"));
    await api.open();
    await api.invoices();
    expect(calls.at(-1)?.authorization).toBe("DPoP b1");
  });

  test("asks a page that can say whose the payments are now, and goes no further with another's", async () => {
    const calls = serve({ "/v1/session": [opened("a1")], "/v1/session/renew": [renewal("a2")] });
    let hands = 0;
    const api = make(tokens(jwt("C-1"), jwt("C-2")), { changedHands: () => hands++ });
    await api.open();
    await expect(api.invoices()).rejects.toMatchObject({ code: "session_ended" });
    expect([hands, calls.length]).toEqual([1, 1]);
  });

  test.each([
    ["refuses", () => Promise.reject(new Error("logged out"))],
    ["has none", async () => ""],
  ])("goes on where the page %s a token now", async (_, later) => {
    serve({
      "/v1/session": [opened("a1")],
      "/v1/session/renew": [renewal("a2")],
      "/v1/invoices": [json({})],
    });
    let asked = 0;
    const api = make(() => (asked++ === 0 ? Promise.resolve(jwt("C-1")) : later()));
    await api.open();
    await api.invoices();
    expect(api.grant?.accessToken).toBe("a2");
  });

  test("wanted anew is a new one, of another token", async () => {
    const calls = serve({ "/v1/session": [opened("a1"), opened("b1")], "/v1/session/renew": [] });
    const api = make(async () => jwt("C-1"));
    await api.open();
    await api.renew(true);
    expect(calls.map(({ path }) => path)).toEqual(["/v1/session", "/v1/session"]);
  });
});

test("a grant that is handed on needs no new session", async () => {
  const calls = serve({ "/v1/session": [session("a1")], "/v1/invoices": [json({})] });
  const first = make(tokens(jwt("C-1")));
  await first.open();
  await make(tokens(), { grant: first.grant as Grant }).invoices();
  expect(calls.map(({ path, authorization }) => [path, authorization])).toEqual([
    ["/v1/session", null],
    ["/v1/invoices", "DPoP a1"],
  ]);
});

test.each([undefined, null, "", "  ", 7, {}, "x".repeat(8193)])(
  "%j is no token, and is not sent",
  async (token) => {
    const calls = serve({ "/v1/session": [session("a1")] });
    await expect(make(async () => token).open()).rejects.toMatchObject({ code: "no_token" });
    expect(calls).toEqual([]);
  },
);

describe("an edge that is not heard", () => {
  /** Our script is there for any page, and the API for others. */
  const refuse = () => {
    let tries = 0;
    vi.stubGlobal("fetch", async (_: string, init: RequestInit) => {
      if (init.method === "HEAD") return new Response(null);
      tries++;
      throw new TypeError("Failed to fetch");
    });
    return () => tries;
  };

  test("where its script is heard three times in a row is one that refuses this page, and not before", async () => {
    const tries = refuse();
    const api = make(async () => "the only one");
    for (const code of ["network", "network", "page_refused"])
      await expect(api.open()).rejects.toMatchObject({ code, transient: code === "network" });
    expect(tries()).toBe(3);
  });

  test("after a session was open has lost its connection, and nothing else", async () => {
    serve({ "/v1/session": [session("a1")] });
    const api = make(async () => jwt("C-1"));
    await api.open();
    refuse();
    for (let n = 0; n < 4; n++) await expect(api.invoices()).rejects.toMatchObject({ code: "network" });
  });
});

describe("the host's token address", () => {
  const at = (href: string) => {
    vi.stubGlobal("location", new URL(href));
    vi.stubGlobal("origin", new URL(href).origin);
    vi.spyOn(console, "error").mockImplementation(() => {});
  };
  const { signal } = new AbortController();

  test.each([
    ["/api/pay-token", "/api/pay-token"],
    ["pay-token?id=1", "/app/pay-token"],
    ["https://erp.test/api", "/api"],
    ["//erp.test/api", "/api"],
    ["", "/app/card"],
  ])("%j is the page's own", async (address, path) => {
    at("https://erp.test/app/card");
    const calls = serve({ [path]: [json({ token: "t1" })] });
    expect(await fetchToken(address, signal)).toBe("t1");
    expect(calls).toMatchObject([{ path, redirect: "error" }]);
  });

  test.each([
    "https://evil.test/api",
    "//evil.test/api",
    "http://erp.test/api",
    "https://erp.test:8443/api",
    "https://erp.test.evil.test/",
    "https://erp.test@evil.test/",
    "\\\\evil.test\\api",
    "javascript:alert(1)",
    "data:application/json,{}",
    "blob:https://evil.test/1",
    "https://",
  ])("%j is not, and nobody is asked", async (address) => {
    at("https://erp.test/app/card");
    const calls = serve({});
    await expect(fetchToken(address, signal)).rejects.toMatchObject({ code: "no_token" });
    expect(calls).toEqual([]);
    expect(console.error).toHaveBeenCalledOnce();
  });
});
