import { expect, test } from "vitest";
import { addHost } from "../provisioning/add-host.ts";
import { answers, bytes, form, html, integrity, now, policy, type Scene, stage } from "./testing/stage.ts";

const on = stage();
const { pageUrl, origin, edgeOrigin, script, sign, answersToken, check, told } = on;

test("a page that is right is said to be, in everything that was looked at", async () => {
  const found = await check();
  expect(found.map(({ ok, what, advice }) => ({ ok, what, advice }))).toEqual(
    [
      `${pageUrl()} has pay-form.js`,
      "pay-form.js is as the page pins it",
      `${origin()} may embed the form of acme`,
      "the token of POST /pay-token is good, for customer 1001",
      `the card fields may be shown on ${origin()}`,
    ].map((what) => ({ ok: true, what, advice: null })),
  );
});

const mistakes: [string, () => Partial<Scene> | Promise<Partial<Scene>>, string | RegExp][] = [
  ["no script at all", () => html("<p>hello"), /has no payment form → clarity embed page/],
  [
    "an inlined script",
    () => html(`<script>${bytes}</script>${form}`),
    /has <pay-form>, and no script tag of an edge →/,
  ],
  ["a script in a comment", () => html(`<!-- ${script()} -->${form}`), /no script tag of an edge/],
  [
    "a module",
    () => html(script(' type="module"') + form),
    'pay-form.js is a module → take type="module" away',
  ],
  [
    "another hash",
    () => html(script().replace(integrity, "sha384-AAAA") + form),
    `pay-form.js has another hash than the page says → put integrity="${integrity}" in place of "sha384-AAAA"`,
  ],
  [
    "no hash",
    () => html(script().replace(/integrity="[^"]+"/, "") + form),
    /pay-form.js is not pinned → add integrity="sha384-/,
  ],
  [
    "integrity without crossorigin",
    () => html(script().replace(' crossorigin="anonymous"', "") + form),
    'pay-form.js has integrity without crossorigin → add crossorigin="anonymous"',
  ],
  [
    "a version the edge has not",
    () => html(script().replace("0.1.0", "9.9.9") + form),
    /9\.9\.9\/pay-form\.js answers 404 →/,
  ],
  [
    "nobody's edge",
    () => html(script().replace("acme.", "nobody.") + form),
    /no tenant answers at nobody\.localhost →/,
  ],
  [
    "a suspended tenant",
    () => html(script().replace("acme.", "gone.") + form),
    "tenant gone is suspended → clarity tenant resume gone",
  ],
  ["no element", () => html(script()), /there is no <pay-form> →/],
  [
    "no token",
    () => html(`${script()}<pay-form></pay-form>`),
    /neither token nor token-url → add token-url=/,
  ],
  [
    "a token address of another origin",
    () => html(`${script()}<pay-form token-url="https://api.test/t"></pay-form>`),
    /token-url is at https:\/\/api\.test, the page at .* → answer it at an address of/,
  ],
  [
    "a token address under another <base>",
    () => html(`<base href="https://cdn.test/">${script()}${form}`),
    /token-url is at https:\/\/cdn\.test/,
  ],
  [
    "a token address that is not there",
    () => answers("", 404),
    /answers 404 without a token → answer 200 with JSON/,
  ],
  [
    "a token address that answers a page",
    () => answers("<html>"),
    /answers 200 without a token → answer 200/,
  ],
  [
    "a token address behind a login",
    () => answers("", 401),
    /answers 401 to somebody who is not signed in →/,
  ],
  [
    "a token that is none",
    () => answers('{"token":"abc"}'),
    /opens no session → sign one: clarity token mint acme/,
  ],
  ["another tenant's key", async () => answersToken({ iss: "other" }), /→ its iss must be one of: /],
  ["a revoked key", async () => answersToken({ iss: on.revoked }), /→ clarity embed-key add acme/],
  ["another secret", async () => answersToken({}, "x".repeat(40)), /→ sign it with that key's own secret/],
  ["another audience", async () => answersToken({ aud: "shop" }), /→ aud must be "pay"/],
  [
    "a number as customer",
    async () => answersToken({ sub: 1001 }),
    /→ sub must be the customer's id, as text/,
  ],
  ["no jti", async () => answersToken({ jti: undefined }), /→ jti must be a text/],
  [
    "times in milliseconds",
    async () => answersToken({ iat: now.getTime(), exp: now.getTime() + 1 }),
    /→ set the clock of whoever signs it; iat is in seconds/,
  ],
  [
    "an old token",
    async () => {
      const iat = Math.floor(now.getTime() / 1_000) - 3_600;
      return answersToken({ iat, exp: iat + 300 });
    },
    /→ sign a new one whenever the page is asked for/,
  ],
  [
    "a token for a day",
    async () => {
      const iat = Math.floor(now.getTime() / 1_000);
      return answersToken({ exp: iat + 86_400 });
    },
    /→ exp must be at most ten minutes after iat/,
  ],
  [
    "a customer nobody knows",
    async () => answersToken({ sub: "9" }),
    /customer 9, whom acme does not know →/,
  ],
  [
    "a token in the page",
    async () => html(`${script()}<pay-form token="${await sign()}"></pay-form>`),
    /the page holds its token in token → answer one at token-url/,
  ],
  [
    "a policy without our script",
    () => policy("script-src 'self'"),
    /does not let pay-form.js in → add http:\/\/acme\.localhost:\d+ to script-src/,
  ],
  [
    "a policy of the page's own",
    () => html(`<meta http-equiv="Content-Security-Policy" content="script-src 'self'">${script()}${form}`),
    /→ add http:\/\/acme\.localhost:\d+ to script-src/,
  ],
  [
    "a policy without our edge",
    () => policy("connect-src 'self'"),
    /does not let the form ask the edge → add http:\/\/acme\.localhost:\d+ to connect-src/,
  ],
  [
    "a policy without its own token address",
    () => policy(`connect-src ${edgeOrigin()}`),
    /does not let it ask token-url → add 'self' to connect-src/,
  ],
  [
    "a policy without the card frame",
    () => policy("frame-src 'none'"),
    /in a frame → add http:\/\/127\.0\.0\.1:\d+ to frame-src/,
  ],
  ["a policy that lists others", () => policy("trusted-types lit-html"), /→ add pay-form to trusted-types/],
  [
    "a card frame that refuses it",
    () => ({ framedBy: "https://other.test" }),
    /may not be shown on .* → set it again, then the provider is told: clarity setting set acme embed\.origins/,
  ],
];

test.each(mistakes.map(([what, change, expected]) => ({ what, change, expected })))(
  "$what: says what to change",
  async ({ change, expected }) => {
    const found = await told(await change());
    if (typeof expected === "string") expect(found).toEqual([expected]);
    else expect(found).toEqual([expect.stringMatching(expected)]);
  },
);

test("a policy that lets nothing in is told of directive by directive", async () => {
  const found = await told(policy("default-src 'self'"));
  expect(found.map((one) => /to ([a-z-]+)$/.exec(one)?.[1])).toEqual([
    "script-src",
    "frame-src",
    "connect-src",
  ]);
});

test("an element that another script may add is no mistake, and the edge's own page is told apart", async () => {
  const found = await check(html(`${script()}<script src="/app.js"></script>`));
  expect(found.every(({ ok }) => ok)).toBe(true);
  expect(found.map(({ what }) => what)).toContain("there is no <pay-form> in the page as it is sent");
  expect(await told(html(`<script src="/v/0.1.0/pay-form.js"></script>${form}`))).toEqual([
    `${pageUrl()} is the edge's own page → name the page that has it in a frame`,
  ]);
});

test("policies that let the form in are no mistake", async () => {
  const edge = edgeOrigin();
  for (const text of [
    `default-src 'none'; script-src ${edge}; connect-src 'self' ${edge}; frame-src http:; trusted-types pay-form other`,
    `script-src http://*.localhost:*; connect-src *; frame-src http://127.0.0.1:*`,
    "upgrade-insecure-requests",
    `script-src ${edge}/v/0.1.0/pay-form.js; connect-src ${edge}/v1/ 'self'`,
    `script-src ${edge.toUpperCase()}`,
  ])
    expect(await told(policy(text))).toEqual([]);
  expect(
    await told({
      ...policy("script-src 'nonce-abc'"),
      ...html(script(' nonce="abc"') + form),
    }),
  ).toEqual([]);
});

test("an origin that is not allowed: the command that allows it, those that are kept", async () => {
  await on.tenant.settings.set("embed.origins", ["https://erp.test"]);
  expect(await told()).toEqual([
    `${origin()} may not embed the form of acme → clarity setting set acme embed.origins '["https://erp.test","${origin()}"]'`,
  ]);
  await on.tenant.settings.set("embed.origins", [origin()]);
});

test("no provider: how to get one", async () => {
  const provider = await on.tenant.settings.get("provider");
  await on.tenant.settings.unset("provider");
  expect(await told()).toEqual([expect.stringMatching(/^acme has no payment provider → .*--sandbox$/)]);
  await on.tenant.settings.set("provider", { ...provider, publishableKey: "pk_wrong" } as never);
  expect(await told()).toEqual([expect.stringMatching(/answer 404 → clarity setting get acme provider/)]);
  await on.tenant.settings.set("provider", provider);
});

test("a page that is not there, or that nobody may ask, is said to be", async () => {
  expect(await check({}, `${pageUrl()}other`)).toMatchObject([
    { ok: false, what: expect.stringContaining("answers 404") },
  ]);
  expect(await check({}, "file:///etc/passwd")).toMatchObject([{ ok: false }]);
  expect(await check({}, "http://127.0.0.1:9/")).toMatchObject([
    { ok: false, what: "http://127.0.0.1:9/ does not answer" },
  ]);
  expect(await check({}, "http://169.254.169.254/latest")).toMatchObject([
    { ok: false, why: expect.stringContaining("not a public address") },
  ]);
});

const loader = (more: string) => script(` ${more}`, "loader.js");

test.each([
  [
    "right",
    () =>
      `<iframe id="pay" src="${edgeOrigin()}/embed"></iframe>${loader('data-frame="#pay" data-token-url="/pay-token"')}`,
    null,
  ],
  [
    "without a frame",
    () => loader('data-frame="#pay" data-token-url="/pay-token"'),
    /loader.js has no frame/,
  ],
  [
    "with another edge's frame",
    () =>
      `<iframe id="pay" src="https://other.test/embed"></iframe>${loader('data-frame="#pay" data-token-url="/pay-token"')}`,
    /the frame is of https:\/\/other\.test, loader\.js of .* → src="http:\/\/acme/,
  ],
  [
    "without a token",
    () => `<iframe id="pay"></iframe>${loader('data-frame="#pay"')}`,
    /neither data-token nor data-token-url/,
  ],
])("a loader %s is judged alike", async (_, body, expected) => {
  const found = await told(html(body()));
  expect(found.join("\n")).toMatch(expected ?? /^$/);
});

test("a tenant's second host name is its own as well", async () => {
  await addHost({ ctx: on.platform.operator, input: { slug: "acme", host: "pay.localhost" } });
  expect(await told(html(script().replace("acme.", "pay.") + form))).toEqual([]);
});
