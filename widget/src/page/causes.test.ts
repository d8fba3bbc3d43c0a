import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Code } from "../locales/en.ts";
import { preSession } from "../locales/pre-session.ts";
import { ApiError } from "../pay-form/api.ts";
import { isSessionLost } from "../pay-form/refusals.ts";
import { wordsBefore } from "../pay-form/words.ts";
import { explain, watchPolicy, whyUnheard } from "./causes.ts";

const edge = "https://pay.acme.test";
let lines: string[];
beforeEach(() => {
  lines = [];
  vi.stubGlobal("origin", "https://erp.acme.test");
  vi.spyOn(console, "error").mockImplementation((line) => void lines.push(line));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

type Early = keyof (typeof preSession)["en"];
/** What went wrong × what the payer reads × what the page's console says. `said`: by edge or server, for the page. */
const causes: [cause: string, code: Code, said: string | undefined, payer: Early, console: RegExp][] = [
  ["suspended", "tenant_suspended", "the seller is suspended", "early.contact", /the seller is suspended/],
  ["being deleted", "tenant_deleting", undefined, "early.contact", /tenant_deleting: ask whoever runs/],
  ["no such host", "tenant_unknown", "no seller answers", "early.contact", /no seller answers/],
  ["another seller's", "tenant_mismatch", undefined, "early.contact", /tenant_mismatch/],
  ["expired", "token_expired", "expired 300 s ago", "early.anew", /token_expired: expired 300 s ago/],
  ["forged", "token_invalid", "its signature is not", "early.anew", /token_invalid: its signature is not/],
  ["wrong key", "token_invalid", "there is no embed key x", "early.anew", /there is no embed key x/],
  ["key revoked", "token_invalid", "x was revoked", "early.anew", /x was revoked/],
  ["replayed", "token_replayed", "was used before", "early.anew", /token_replayed: was used before/],
  ["unknown customer", "not_found", 'no customer "C-9"', "early.contact", /no customer "C-9"/],
  ["no token", "no_token", undefined, "early.anew", /set token, token-url or tokenSource/],
  [
    "clock",
    "proof_invalid",
    "iat is too far from now",
    "error.proof_invalid",
    /iat .*; by this device it is .* GMT/,
  ],
  [
    "origin not allowed",
    "page_refused",
    undefined,
    "early.contact",
    /add https:\/\/erp\.acme\.test to the seller's setting embed\.origins/,
  ],
  [
    "blocked by CSP",
    "page_blocked",
    undefined,
    "early.contact",
    /add https:\/\/pay\.acme\.test to connect-src/,
  ],
  ["edge unreachable", "network", undefined, "error.network", /https:\/\/pay\.acme\.test cannot be reached/],
  ["not secure", "insecure_page", undefined, "early.contact", /serve it by https/],
  ["server away", "unavailable", undefined, "error.unavailable", /unavailable: ask whoever runs/],
  ["tenant moving", "tenant_moving", "passes by itself", "error.unavailable", /passes by itself/],
];

describe.each(Object.keys(preSession) as (keyof typeof preSession)[])("in %s", (language) => {
  test.each(causes)("%s (%s) says what the payer can do", (_, code, __, payer) => {
    const words = wordsBefore([language]);
    for (const seller of ["Acme Industrial", undefined]) {
      const name = seller ?? words.text("early.seller");
      // Without the marks that hold a name together in a line that runs the other way.
      const text = words.text(`error.${code}`, { seller: name }).replaceAll(/[\u2068\u2069]/g, "");
      expect(text).toBe(preSession[language][payer].replace("{seller}", name));
      expect(text).not.toMatch(/[{}]/);
    }
  });
});

test.each(causes)(
  "%s (%s) is told to the console in one line, once, with the request's id",
  (cause, code, said) => {
    const [, , , , line] = causes.find(([name]) => name === cause) ?? expect.fail(cause);
    const problem = { ...(said && { detail: said }), requestId: `r-${cause}` };
    for (let times = 0; times < 3; times++) explain({ code, problem }, edge);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(line);
    expect(lines[0]).toContain(`(request r-${cause})`);
    expect(lines[0]).not.toContain("\n");
  },
);

test("no word for a payer names a cause that is the admin's", () => {
  for (const words of Object.values(preSession))
    for (const text of Object.values(words)) expect(text).not.toMatch(/token|CSP|origin|JWT|API|clarity/i);
});

test("what ends a session is told from what passes by itself", () => {
  for (const [, code, , payer] of causes) {
    const passes = /^error\.(network|unavailable)$/.test(payer) || code === "not_found";
    expect(isSessionLost(new ApiError(code)), code).toBe(!passes);
  }
});

describe("an edge that is not heard", () => {
  const script = `${edge}/v/1/pay-form.js`;
  test.each([
    ["is there for others: this page is refused", async () => new Response(null), "page_refused"],
    ["answers nobody", async () => Promise.reject(new TypeError()), undefined],
    ["is away behind its proxy", async () => new Response(null, { status: 502 }), undefined],
  ])("%s", async (_, answer, why) => {
    const asked = vi.fn(answer);
    vi.stubGlobal("fetch", asked);
    expect(await whyUnheard(script)).toBe(why);
    expect(asked).toHaveBeenCalledWith(
      script,
      expect.objectContaining({ method: "HEAD", credentials: "omit" }),
    );
  });

  test("by this page's own policy, and no other's report of it", async () => {
    let heard: (event: object) => void = () => {};
    vi.stubGlobal("document", {
      addEventListener: (_: string, listener: typeof heard) => (heard = listener),
    });
    vi.stubGlobal("fetch", async () => Promise.reject(new TypeError()));
    watchPolicy(edge);
    const violation = {
      disposition: "enforce",
      effectiveDirective: "connect-src",
      blockedURI: `${edge}/v1/session`,
    };
    for (const other of [
      { disposition: "report" },
      { effectiveDirective: "img-src" },
      { blockedURI: "https://elsewhere.test/" },
      { blockedURI: "inline" },
    ]) {
      heard({ ...violation, ...other });
      expect(await whyUnheard(script)).toBe(undefined);
    }
    heard(violation);
    expect(await whyUnheard(script)).toBe("page_blocked");
  });
});
