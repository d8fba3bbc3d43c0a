import { createHash, randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import { afterAll, beforeAll } from "vitest";
import { loopbackNetwork } from "../../../network/testing/loopback.ts";
import { addEmbedKey, revokeEmbedKey } from "../../../sessions/embed-keys.ts";
import type { OpenTenant } from "../../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../../testing/index.ts";
import { suspendTenant } from "../../provisioning/change-status.ts";
import { writeSamples } from "../../provisioning/sample-invoices.ts";
import { checkPage } from "../check-page.ts";

/** Page, edge and provider, right in everything; each test makes one mistake. */
export interface Scene {
  html: string;
  headers: Record<string, string>;
  /** What `POST /pay-token` of the page answers. */
  token: { status: number; body: string };
  /** Of the page's card fields. */
  framedBy: string;
}

export const bytes = "console.log('the form');";
export const integrity = `sha384-${createHash("sha384").update(bytes).digest("base64")}`;
export const now = new Date();
export const form = '<pay-form token-url="/pay-token"></pay-form>';

/** Call it once at the top of a test file: tenants `acme` and `gone`, which is suspended, a page, an edge and a provider. */
export function stage() {
  let platform: TestPlatform;
  let tenant: OpenTenant;
  let scene: Scene;
  let [keyId, secret, revoked] = ["", "", ""];
  const page = createServer(({ method, url }, answer) => {
    for (const [name, value] of Object.entries(scene.headers)) answer.setHeader(name, value);
    if (method === "POST" && url === "/pay-token") answer.writeHead(scene.token.status).end(scene.token.body);
    else if (url === "/") answer.setHeader("content-type", "text/html").end(scene.html);
    else answer.writeHead(404).end();
  });
  const edge = createServer(({ url = "" }, answer) => {
    if (url.startsWith("/v/0.1.0/")) answer.end(bytes);
    else if (url.startsWith("/card?key=pk_right"))
      answer.setHeader("content-security-policy", `frame-ancestors ${scene.framedBy}`).end("");
    else answer.writeHead(404).end();
  });
  const pageUrl = () => `http://127.0.0.1:${portOf(page)}/`;
  const origin = () => new URL(pageUrl()).origin;
  const edgeOrigin = (slug = "acme") => `http://${slug}.localhost:${portOf(edge)}`;

  beforeAll(async () => {
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
  /** @param name default pay-form.js */
  const script = (more = "", name = "pay-form.js") =>
    `<script src="${edgeOrigin()}/v/0.1.0/${name}" integrity="${integrity}" crossorigin="anonymous"${more}></script>`;
  const check = async (change: Partial<Scene> = {}, url = pageUrl()) => {
    scene = {
      html: `<!doctype html><html><head>${script()}</head><body>${form}</body></html>`,
      headers: {},
      token: { status: 200, body: JSON.stringify({ token: await sign() }) },
      framedBy: origin(),
      ...change,
    };
    return checkPage({ ctx: platform.operator, input: { url, network: loopbackNetwork, now } });
  };
  return {
    pageUrl,
    origin,
    edgeOrigin,
    script,
    sign,
    /** A token as the page's address answers it. */
    answersToken: async (claims: Record<string, unknown>, by?: string) =>
      answers(JSON.stringify({ token: await sign(claims, by) })),
    check,
    /** Every mistake and note, `what → advice`. */
    told: async (change: Partial<Scene> = {}) =>
      (await check(change)).filter(({ advice }) => advice).map(({ what, advice }) => `${what} → ${advice}`),
    get platform() {
      return platform;
    },
    get tenant() {
      return tenant;
    },
    get revoked() {
      return revoked;
    },
  };
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const listen = (server: Server) =>
  new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));

export const policy = (text: string) => ({ headers: { "content-security-policy": text } });
export const answers = (body: string, status = 200) => ({ token: { status, body } });
export const html = (text: string) => ({ html: text });
