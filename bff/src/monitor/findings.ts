import type { HostEntry } from "@clarity/server/contract";
import type { Assets, PageScript } from "../assets/assets.ts";
import { addressOf, type Manifest } from "../assets/manifest.ts";
import { embedHeaders, embedPage } from "../embed/page.ts";
import { integrityOf, type Look, pagePath, type Seen, scriptPaths } from "./look.ts";

/** Headers that change by themselves, and those of proxies that change nothing a browser does with a page. */
const passing = new Set([
  "age",
  "alt-svc",
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "transfer-encoding",
  "vary",
  "via",
  "x-request-id",
]);

const hsts = "max-age=63072000; includeSubDomains";

/**
 * What is not as the build and the edge's own code say, one line each (PCI DSS 4.0.1 11.6.1): every header of the page
 * and of its scripts, every byte of the scripts, and the page's markup but for the seller's name. Whom the page frames
 * and who frames it are the tenant's own settings: origins are held to be origins, and `changes` holds them to be the
 * same.
 */
export function findings(input: { look: Look; manifest: Manifest; origin: string }): string[] {
  const { look, manifest, origin } = input;
  const assets = assetsOf(manifest);
  const host = hostOf(look.page);
  const always = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "cross-origin",
    "x-content-type-options": "nosniff",
    ...(origin.startsWith("https:") && { "strict-transport-security": hsts }),
  };
  const pageHeaders = {
    ...always,
    ...embedHeaders({ host, origin, assets }),
    "referrer-policy": "strict-origin",
  };
  const lines = [
    ...answerFindings(pagePath, { seen: look.page, headers: pageHeaders }),
    ...[...host.frameOrigins, ...host.embedOrigins]
      .filter((source) => !isOrigin(source))
      .map((source) => `${pagePath}: ${source} is no origin`),
  ];
  if (!isOurPage(textOf(look.page), { host, assets }))
    lines.push(`${pagePath}: other markup than the edge's`);
  for (const [at, path] of scriptPaths(manifest).entries()) {
    const seen = look.scripts[path];
    const integrity = Object.values(manifest.files)[at]?.integrity;
    if (!seen) continue;
    const headers = {
      ...always,
      "access-control-allow-origin": "*",
      "cache-control": "public, max-age=31536000, immutable",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "content-type": "text/javascript; charset=utf-8",
      "referrer-policy": "no-referrer",
      ...endHeadersOf(seen),
      ...(path.endsWith("/pay-form.js") && frameHeadersOf(seen, host)),
    };
    lines.push(...answerFindings(path, { seen, headers }));
    if (integrityOf(seen.body) !== integrity) lines.push(`${path}: other bytes than the build's`);
  }
  return lines;
}

/** What is not as it was at another look. */
export function changes(before: Look, now: Look): string[] {
  const paths = [...new Set([...Object.keys(before.scripts), ...Object.keys(now.scripts)])];
  return [
    ...answerChanges(pagePath, before.page, now.page),
    ...paths.flatMap((path) => answerChanges(path, before.scripts[path], now.scripts[path])),
  ];
}

function answerChanges(path: string, before: Seen | undefined, now: Seen | undefined): string[] {
  if (!before || !now) return [`${path}: ${now ? "is new" : "is gone"}`];
  const lines = answerFindings(path, { seen: now, headers: lasting(before.headers), status: before.status });
  if (integrityOf(before.body) !== integrityOf(now.body)) lines.push(`${path}: other bytes than before`);
  return lines;
}

function answerFindings(
  path: string,
  expected: { seen: Seen; headers: Record<string, string>; status?: number },
): string[] {
  const { seen, headers, status = 200 } = expected;
  const its = lasting(seen.headers);
  const names = [...new Set([...Object.keys(headers), ...Object.keys(its)])].sort();
  return [
    ...(seen.status === status ? [] : [`${path}: status ${seen.status}, not ${status}`]),
    ...names
      .filter((name) => its[name] !== headers[name])
      .map(
        (name) => `${path}: ${name} is ${its[name] ?? "not there"}, not ${headers[name] ?? "to be there"}`,
      ),
  ];
}

const lasting = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !passing.has(name)));

/** A version whose end is announced says so and is kept for a day only: that is no finding. */
function endHeadersOf({ headers }: Seen): Record<string, string> {
  const { deprecation, sunset } = headers;
  if (!/^@\d{9,11}$/.test(deprecation ?? "") || sunset !== new Date(sunset ?? "").toUTCString()) return {};
  return {
    deprecation: deprecation ?? "",
    sunset,
    "access-control-expose-headers": "deprecation, sunset",
    "cache-control": "public, max-age=86400, immutable",
  };
}

/** The form's script says where the payment frame is: on an origin that the page may frame. */
function frameHeadersOf({ headers }: Seen, { frameOrigins }: HostEntry): Record<string, string> {
  const said = headers["server-timing"] ?? "";
  const url = URL.parse(/^frame;desc="([^"\\]+)"$/.exec(said)?.[1] ?? "");
  if (!url || !frameOrigins.includes(url.origin)) return {};
  return { "server-timing": said, "timing-allow-origin": "*" };
}

/** The tenant's own settings, as the page's policy has them. */
function hostOf({ headers }: Seen): HostEntry {
  const sources = (name: string) => {
    const found =
      new RegExp(`(?:^|; )${name} ([^;]*)`).exec(headers["content-security-policy"] ?? "")?.[1] ?? "";
    return found.split(" ").filter((source) => source !== "'none'");
  };
  return {
    tenant: { id: "", slug: "", name: "" },
    status: "active",
    upstream: null,
    embedOrigins: sources("frame-ancestors"),
    frameOrigins: sources("frame-src"),
    methods: [],
    requestsPerMinute: 0,
  };
}

const isOrigin = (source: string): boolean => {
  const url = URL.parse(source);
  return url?.origin === source && /^https?:\/\/[^*]+$/.test(source);
};

function assetsOf({ files }: Manifest): Pick<Assets, "script"> {
  return {
    script(name): PageScript {
      const file = files[name];
      if (!file) throw new Error(`the build has no ${name}`);
      const { integrity, trustedTypes } = file;
      return { src: `/v/${addressOf(integrity)}/${name}`, integrity, trustedTypes };
    },
  };
}

/** The edge's own page, with any seller's name. */
function isOurPage(
  text: string,
  { host, assets }: { host: HostEntry; assets: Pick<Assets, "script"> },
): boolean {
  const name = "NAME-OF-THE-SELLER";
  const named = { ...host, tenant: { ...host.tenant, name } };
  const [before = "", after = ""] = embedPage({ host: named, locale: "en", themeMode: null, assets }).split(
    name,
  );
  const between = text.slice(before.length, text.length - after.length);
  return text.startsWith(before) && text.endsWith(after) && !/[<>]/.test(between);
}

const textOf = ({ body }: Seen): string => new TextDecoder().decode(body);
