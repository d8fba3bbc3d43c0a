import { createHash, randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loopbackNetwork } from "../../network/testing/loopback.ts";
import { addEmbedKey, revokeEmbedKey } from "../../sessions/embed-keys.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { addHost } from "../provisioning/add-host.ts";
import { suspendTenant } from "../provisioning/change-status.ts";
import { writeSamples } from "../provisioning/sample-invoices.ts";
import { checkPage } from "./check-page.ts";

/** Tenant, page, edge and provider, right in everything; each test makes one mistake. */
interface Scene {
  html: string;
  headers: Record<string, string>;
  /** What `POST /pay-token` of the page answers. */
  token: { status: number; body: string };
  /** Of the page's card fields. */
  framedBy: string;
}

const bytes = "console.log('the form');";
const integrity = `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
const now = new Date();

let platform: TestPlatform;
let tenant: OpenTenant;
let page: Server;
let edge: Server;
let scene: Scene;
let [keyId, secret, revoked] = ["", "", ""];

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const listen = (server: Server) =>
  new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
const pageUrl = () => `http://127.0.0.1:${portOf(page)}/`;
const origin = () => new URL(pageUrl()).origin;
const edgeOrigin = (slug = "acme") => `http://${slug}.localhost:${portOf(edge)}`;

beforeAll(async () => {
  page = createServer(({ method, url }, answer) => {
    for (const [name, value] of Object.entries(scene.headers)) answer.setHeader(name, value);
    if (method === "POST" && url === "/pay-token") answer.writeHead(scene.token.status).end(scene.token.body);
    else if (url === "/") answer.setHeader("content-type", "text/html").end(scene.html);
    else answer.writeHead(404).end();
  });
  edge = createServer(({ url = "" }, answer) => {
    if (url.startsWith("/v/0.1.0/")) answer.end(bytes);
    else if (url.startsWith("/card?key=pk_right"))
      answer.setHeader("content-security-policy", `frame-ancestors ${scene.framedBy}`).end("");
    else answer.writeHead(404).end();
  });
  [platform] = await Promise.all([testPlatform(), listen(page), listen(edge)]);
  tenant = await platform.createTenant("acme");
  await writeSamples({ ctx: tenant });
  const key = await addEmbedKey({ ctx: tenant, input: { algorithm: "HS256" } });
  [keyId, secret] = [key.id, key.secret ?? ""];
  revoked = (await addEmbedKey({ ctx: tenant, input: { algorithm: "HS256" } })).id;
  await revokeEmbedKey({ ctx: tenant, input: { id: revoked } });
  await tenant.settings.set("embed.origins", [origin()]);
  const frameUrl = `http://127.0.0.1:${portOf(edge)}/card`;
  const provider = { id: "sandbox", baseUrl: frameUrl, frameUrl, publishableKey: "pk_right" } as const;
  await tenant.settings.set("provider", provider);
  await platform.createTenant("gone");
  await suspendTenant({ ctx: platform.operator, input: { slug: "gone" } });
});
afterAll(async () => {
  await platform.close();
  page.close();
  edge.close();
});

async function sign(claims: Record<string, unknown> = {}, by = secret): Promise<string> {
  const iat = Math.floor(now.getTime() / 1_000);
  const right = { iss: keyId, aud: "pay", sub: "1001", iat, exp: iat + 300, jti: randomUUID() };
  return new SignJWT({ ...right, ...claims })
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .sign(new TextEncoder().encode(by));
}

const script = (more = "") =>
  `<script src="${edgeOrigin()}/v/0.1.0/pay-form.js" integrity="${integrity}" crossorigin="anonymous"${more}></script>`;
const form = '<pay-form token-url="/pay-token"></pay-form>';
const right = async (): Promise<Scene> => ({
  html: `<!doctype html><html><head>${script()}</head><body>${form}</body></html>`,
  headers: {},
  token: { status: 200, body: JSON.stringify({ token: await sign() }) },
  framedBy: origin(),
});

const check = async (url = pageUrl()) =>
  checkPage({ ctx: platform.operator, input: { url, network: loopbackNetwork, now } });
/** Every mistake and note, `what → advice`. */
async function told(change: Partial<Scene> = {}): Promise<string[]> {
  scene = { ...(await right()), ...change };
  return (await check()).filter(({ advice }) => advice).map(({ what, advice }) => `${what} → ${advice}`);
}
const policy = (text: string) => ({ headers: { "content-security-policy": text } });
const answers = (body: string, status = 200) => ({ token: { status, body } });
const html = (text: string) => ({ html: text });

test("a page that is right is said to be, in everything that was looked at", async () => {
  scene = await right();
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
  [
    "another tenant's key",
    async () => answers(JSON.stringify({ token: await sign({ iss: "other" }) })),
    /→ its iss must be one of: /,
  ],
  [
    "a revoked key",
    async () => answers(JSON.stringify({ token: await sign({ iss: revoked }) })),
    /→ clarity embed-key add acme/,
  ],
  [
    "another secret",
    async () => answers(JSON.stringify({ token: await sign({}, "x".repeat(40)) })),
    /→ sign it with that key's own secret/,
  ],
  [
    "another audience",
    async () => answers(JSON.stringify({ token: await sign({ aud: "shop" }) })),
    /→ aud must be "pay"/,
  ],
  [
    "a number as customer",
    async () => answers(JSON.stringify({ token: await sign({ sub: 1001 }) })),
    /→ sub must be the customer's id, as text/,
  ],
  [
    "no jti",
    async () => answers(JSON.stringify({ token: await sign({ jti: undefined }) })),
    /→ jti must be a text/,
  ],
  [
    "times in milliseconds",
    async () =>
      answers(JSON.stringify({ token: await sign({ iat: now.getTime(), exp: now.getTime() + 1 }) })),
    /→ set the clock of whoever signs it; iat is in seconds/,
  ],
  [
    "an old token",
    async () => {
      const iat = Math.floor(now.getTime() / 1_000) - 3_600;
      return answers(JSON.stringify({ token: await sign({ iat, exp: iat + 300 }) }));
    },
    /→ sign a new one whenever the page is asked for/,
  ],
  [
    "a token for a day",
    async () => {
      const iat = Math.floor(now.getTime() / 1_000);
      return answers(JSON.stringify({ token: await sign({ exp: iat + 86_400 }) }));
    },
    /→ exp must be at most ten minutes after iat/,
  ],
  [
    "a customer nobody knows",
    async () => answers(JSON.stringify({ token: await sign({ sub: "9" }) })),
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
    /may not be shown on .* → set it again, the provider is told/,
  ],
];

test.each(mistakes.map(([what, change, expected]) => ({ what, change, expected })))(
  "$what: says what to change",
  async ({ change, expected }) => {
    scene = await right();
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

test("policies that let the form in are no mistake", async () => {
  const edge = edgeOrigin();
  for (const text of [
    `default-src 'none'; script-src ${edge}; connect-src 'self' ${edge}; frame-src http:; trusted-types pay-form other`,
    `script-src http://*.localhost:*; connect-src *; frame-src http://127.0.0.1:*`,
    "upgrade-insecure-requests",
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
  await tenant.settings.set("embed.origins", ["https://erp.test"]);
  expect(await told()).toEqual([
    `${origin()} may not embed the form of acme → clarity setting set acme embed.origins '["https://erp.test","${origin()}"]'`,
  ]);
  await tenant.settings.set("embed.origins", [origin()]);
});

test("no provider: how to get one", async () => {
  const provider = await tenant.settings.get("provider");
  await tenant.settings.unset("provider");
  expect(await told()).toEqual([expect.stringMatching(/^acme has no payment provider → .*--sandbox$/)]);
  await tenant.settings.set("provider", { ...provider, publishableKey: "pk_wrong" } as never);
  expect(await told()).toEqual([expect.stringMatching(/answer 404 → clarity setting get acme provider/)]);
  await tenant.settings.set("provider", provider);
});

test("a page that is not there, or that nobody may ask, is said to be", async () => {
  scene = await right();
  expect(await check(`${pageUrl()}other`)).toMatchObject([
    { ok: false, what: expect.stringContaining("answers 404") },
  ]);
  expect(await check("file:///etc/passwd")).toMatchObject([{ ok: false }]);
  expect(await check("http://127.0.0.1:9/")).toMatchObject([
    { ok: false, what: "http://127.0.0.1:9/ does not answer" },
  ]);
  expect(await check("http://169.254.169.254/latest")).toMatchObject([
    { ok: false, why: expect.stringContaining("not a public address") },
  ]);
});

const loader = (more: string) =>
  `<script src="${edgeOrigin()}/v/0.1.0/loader.js" integrity="${integrity}" crossorigin="anonymous" ${more}></script>`;

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
  scene = await right();
  const found = await told(html(body()));
  expect(found.join("\n")).toMatch(expected ?? /^$/);
});

test("a tenant's second host name is its own as well", async () => {
  await addHost({ ctx: platform.operator, input: { slug: "acme", host: "pay.localhost" } });
  scene = await right();
  expect(await told(html(script().replace("acme.", "pay.") + form))).toEqual([]);
});
