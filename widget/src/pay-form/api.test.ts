import { afterEach, expect, test, vi } from "vitest";
import { Api, type ApiError } from "./api.ts";

interface Call {
  path: string;
  authorization: string | null;
  proof: string | null;
  body: unknown;
}

/** Answers by path, in order; records what was sent. */
function serve(answers: Record<string, (() => Response | Promise<Response>)[]>): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const path = new URL(url).pathname;
    const headers = new Headers(init.headers);
    const body = init.body ? JSON.parse(String(init.body)) : null;
    calls.push({ path, authorization: headers.get("authorization"), proof: headers.get("dpop"), body });
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
const session = (accessToken: string, expiresInS = 600) => json({ accessToken, expiresInS });
const tokens =
  (...list: string[]) =>
  async () =>
    list.shift() ?? "last";
const make = (token: () => Promise<string>) =>
  new Api({ base: "https://pay.test", locales: ["de-CH"], token });

afterEach(() => vi.unstubAllGlobals());

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
  const api = make(tokens("t1", "t2"));
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
  const api = make(tokens("t1", "t2"));
  await api.open();
  await api.invoices();
  expect(calls.at(-1)?.authorization).toBe("DPoP a2");
});

test("a refused renewal ends in words, not in a loop", async () => {
  const refused = problem(401, "token_expired");
  serve({ "/v1/session": [session("a1"), session("a2")], "/v1/invoices": [refused, refused, refused] });
  const api = make(tokens("t1", "t2"));
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
