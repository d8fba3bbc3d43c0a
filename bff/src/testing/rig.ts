import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Session } from "@clarity/bff/contract";
import {
  type ErrorCode,
  type HostEntry,
  type OpenedSession,
  type PortalFace,
  problemOf,
  routes,
  type ServerRouteId,
} from "@clarity/server/contract";
import { decodeJwt } from "jose";
import { createEdge, type Edge, type EdgeOptions } from "../edge/create-edge.ts";
import { createLogger } from "../telemetry/log.ts";
import { type Browser, createBrowser } from "./browser.ts";
import { integrityOf, scriptsOf, writeBuild } from "./builds.ts";

/** What the fake server was sent: its tests assert on this, above all that nothing was. */
interface Seen {
  method: string;
  path: string;
  headers: Headers;
  claims: Record<string, unknown>;
  body: string;
  /** How long the edge would have waited. */
  timeoutMs: number;
}

export interface Rig {
  edge: Edge;
  seen: Seen[];
  /** Replaces the server's answers; null: as usual. Throwing is a server that cannot be reached. */
  answer(replace: ((path: string, body: string) => Response | null) | null): void;
  hosts: Map<string, HostEntry>;
  /** Log lines so far. */
  log: string[];
  /** Moves the edge's clock. */
  advance(milliseconds: number): void;
  call(host: string, path: string, init?: RequestInit): Promise<Response>;
  /** A browser, a new one by default, with an open session at a host. The fake server takes any embed token. */
  enter(host: string, embedToken?: string, browser?: Browser): Promise<Visitor>;
  close(): Promise<void>;
}

export interface Visitor {
  browser: Browser;
  accessToken: string;
  session: Session;
  /** A request with the session's token and a fresh proof, at the session's host or another. */
  call(path: string, init?: RequestInit & { host?: string; token?: string }): Promise<Response>;
}

export const tenants = {
  acme: "0198a000-0000-7000-8000-00000000000a",
  globex: "0198a000-0000-7000-8000-00000000000b",
};
export const port = 4000;

/** The edge over a fake server that knows two tenants. */
export async function createRig(options: Partial<EdgeOptions> = {}): Promise<Rig> {
  const [assetsDir, portalDir] = [await writeAssets(), await writePortal()];
  const hosts = new Map<string, HostEntry>();
  for (const [slug, id] of Object.entries(tenants)) hosts.set(`${slug}.localhost`, hostEntry(slug, id));
  const seen: Seen[] = [];
  const lines: string[] = [];
  let replace: ((path: string, body: string) => Response | null) | null = null;
  let ahead = 0;
  const edge = await createEdge({
    key: generateKeyPairSync("ed25519").privateKey,
    assetsDir,
    portalDir,
    log: createLogger({ level: "trace", destination: { write: (line) => lines.push(line) } }),
    now: () => Date.now() + ahead,
    upstream: async (request, timeoutMs) => {
      const path = new URL(request.url).pathname;
      const token = request.headers.get("authorization")?.slice("Bearer ".length);
      const claims = token ? decodeJwt(token) : {};
      const body = await request.text();
      seen.push({ method: request.method, path, headers: request.headers, claims, body, timeoutMs });
      return replace?.(path, body) ?? usualAnswer(path, hosts);
    },
    ...options,
  });
  const call: Rig["call"] = (host, path, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set("host", `${host}:${port}`);
    return edge.fetch(new Request(`http://${host}:${port}${path}`, { ...init, headers }), peer);
  };
  return {
    edge,
    seen,
    hosts,
    log: lines,
    call,
    answer: (next) => {
      replace = next;
    },
    advance: (milliseconds) => {
      ahead += milliseconds;
    },
    enter: (host, embedToken = "e".repeat(40), browser) =>
      enter({ host, embedToken, browser, call, now: () => Date.now() + ahead }),
    async close() {
      await rm(assetsDir, { recursive: true });
      await rm(portalDir, { recursive: true });
    },
  };
}

const peer = { incoming: { socket: { remoteAddress: "127.0.0.1" } } };

async function enter(input: {
  host: string;
  embedToken: string;
  browser: Browser | undefined;
  call: Rig["call"];
  now: () => number;
}): Promise<Visitor> {
  const { host, call, now } = input;
  const browser = input.browser ?? (await createBrowser());
  const iat = () => Math.floor(now() / 1000);
  const url = (at: string, path: string) => `http://${at}:${port}${path.split("?")[0]}`;
  const proof = await browser.proof({ method: "POST", url: url(host, "/v1/session"), extra: { iat: iat() } });
  const answer = await call(host, "/v1/session", {
    method: "POST",
    headers: { dpop: proof, "content-type": "application/json" },
    body: JSON.stringify({ token: input.embedToken, locales: ["en"] }),
  });
  if (answer.status !== 200) throw new Error(`no session: ${await answer.text()}`);
  const session = Session.parse(await answer.json());
  const { accessToken } = session;
  return {
    browser,
    accessToken,
    session,
    async call(path, { host: at = host, token = accessToken, ...init } = {}) {
      const method = init.method ?? "GET";
      const dpop = await browser.proof({
        method,
        url: url(at, path),
        accessToken: token,
        extra: { iat: iat() },
      });
      return call(at, path, { ...init, headers: { authorization: `DPoP ${token}`, dpop, ...init.headers } });
    },
  };
}

export function problem(code: ErrorCode): Response {
  const body = problemOf(code, "from-upstream");
  return Response.json(body, { status: body.status });
}

export const json = (value: unknown) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});

export function usualAnswer(path: string, hosts: Map<string, HostEntry>): Response {
  const row = rowAt(path);
  if (row?.id === "readHost") {
    const entry = hosts.get(row.named);
    return entry ? Response.json(entry) : problem("tenant_unknown");
  }
  return (row && usual[row.id]?.()) ?? problem("not_found");
}

/** As the fake server shows itself. */
const face: PortalFace = {
  name: "Acme <Industrial>",
  locale: "en",
  theme: { hash: "f".repeat(32), css: ":root{--pay-bg:#fff}", primary: "#2454d6", onPrimary: "#ffffff" },
};

const usual: { readonly [Id in ServerRouteId]?: () => Response } = {
  readPortalFace: () => Response.json(face),
  startPortalLogin: () => Response.json({ expiresInS: 60 }, { status: 202 }),
  finishPortalLogin: () => Response.json({ expiresInS: 60 }),
  readReadiness: () => Response.json({ status: "ok" }),
  openSession: () => Response.json(opened),
  renewSession: () => Response.json({ limits }),
  listInvoices: () => Response.json({ invoices: [], asOf: "2026-01-01T00:00:00.000Z" }),
  receiveWebhook: () => new Response(null, { status: 202 }),
  readTheme: () => new Response(".pay{}", { headers: { "content-type": "text/css" } }),
};

/** Which row of the server a path is, and what it names. */
function rowAt(path: string): { id: ServerRouteId; named: string } | null {
  for (const [id, row] of Object.entries(routes.server)) {
    const found = new RegExp(`^${row.path.replaceAll(/\{\w+\}/g, "([^/]+)")}$`).exec(path);
    if (found) return { id: id as ServerRouteId, named: decodeURIComponent(found[1] ?? "") };
  }
  return null;
}

function hostEntry(slug: string, id: string): HostEntry {
  return {
    tenant: { id, slug, name: `${slug} <Industrial>` },
    status: "active",
    upstream: null,
    embedOrigins: [`https://erp.${slug}.example`],
    frameOrigins: ["https://frames.provider.example"],
    methods: [{ type: "card", frameUrl: "https://frames.provider.example/card?key=pk" }],
    requestsPerMinute: 12_000,
  };
}

/** Of its tenants' sessions. */
const limits = { idleS: 1_800, absoluteS: 28_800 };

/** As the fake server opens a session. */
export const opened: OpenedSession = {
  grant: { subject: "C-1", invoices: null, limits },
  view: {
    seller: { name: "Acme", supportEmail: null, timeZone: "UTC" },
    customer: { id: "C-1", name: "Wayne" },
    locale: "en",
    theme: {
      hash: "abcdefgh",
      css: "",
      layout: { labels: "above", fields: "spaced", methods: "tabs" },
      frame: { light: {}, dark: {} },
    },
    currencies: {},
    invoices: [],
    invoicesAsOf: "2026-01-01T00:00:00.000Z",
    methods: [],
    minimumMinor: {},
    surcharge: [],
    flags: {},
    unfinishedPayment: null,
  },
};

/** The scripts of `writeAssets`, by name. */
export const written = scriptsOf("1.2.3");

/** A widget build of two scripts and one language, in a folder of its own. */
export async function writeAssets(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "assets-"));
  await writeBuild(dir, { version: "1.2.3", scripts: written });
  return dir;
}

/** A portal's build of one script and one style sheet, in a folder of its own. */
async function writePortal(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "portal-"));
  const files = { "app-abc123.js": `"${"use strict ".repeat(50)}"`, "app-def456.css": "body{margin:0}" };
  await mkdir(join(dir, "assets"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, "assets", name), text);
  const integrity = Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, integrityOf(text)]),
  );
  const manifest = {
    script: "app-abc123.js",
    style: "app-def456.css",
    trustedTypes: ["lit-html"],
    files: integrity,
  };
  await writeFile(join(dir, "manifest.json"), JSON.stringify(manifest));
  return dir;
}
