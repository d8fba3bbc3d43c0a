import { z } from "zod";

/** What is kept of a report: closed lists and one origin. Nothing of the payer, the page's query or the script's text. */
export interface Report {
  kind: (typeof kinds)[number];
  /** The directive that was violated; `other` where it is none of ours. */
  directive: string;
  /** What was refused: an origin, or a keyword such as `inline`. */
  blocked: string;
  /** Reported only, or refused. */
  enforced: boolean;
}

const kinds = ["csp", "integrity", "other"] as const;

/** Directives of a page of ours, and those that stand in for them. */
const directives = new Set([
  "default-src",
  "script-src",
  "script-src-elem",
  "script-src-attr",
  "style-src",
  "style-src-elem",
  "style-src-attr",
  "connect-src",
  "font-src",
  "img-src",
  "frame-src",
  "require-trusted-types-for",
  "trusted-types",
  "frame-ancestors",
  "base-uri",
  "form-action",
]);

/** Words that browsers write in the place of an address (CSP 3 §5.3, Trusted Types). */
const keywords = new Set(["inline", "eval", "wasm-eval", "trusted-types-policy", "trusted-types-sink"]);
/** Schemes of extensions: what a payer has installed is noise. */
const extension = /^(?:chrome|moz|safari|safari-web|ms-browser)-extension:/;

/** At most this many of one request are read. */
const mostReports = 20;

const Text = z.string().max(4_096).catch("");
const Body = z.object({
  documentURL: Text,
  effectiveDirective: Text,
  blockedURL: Text,
  disposition: Text,
  reportOnly: z.boolean().catch(false),
});
/** Reporting API (`application/reports+json`). */
const Batch = z.array(z.object({ type: Text, body: Body })).max(1_000);
/** `report-uri` (`application/csp-report`). */
const Single = z.object({
  "csp-report": z.object({
    "document-uri": Text,
    "effective-directive": Text,
    "violated-directive": Text,
    "blocked-uri": Text,
    disposition: Text,
  }),
});

/**
 * What a browser sent, of either format.
 *
 * @param host the edge's own, with port: reports of other documents are not ours
 * @returns undefined when it is no report
 */
export function readReports(sent: unknown, host: string): Report[] | undefined {
  const found = bodiesOf(sent);
  return found
    ?.slice(0, mostReports)
    .filter(({ body }) => URL.parse(body.documentURL)?.host === host)
    .map(({ type, body }) => ({
      kind: type === "csp-violation" ? "csp" : type === "integrity-violation" ? "integrity" : "other",
      directive: directives.has(body.effectiveDirective) ? body.effectiveDirective : "other",
      blocked: blockedOf(body.blockedURL),
      enforced: body.disposition !== "report" && !body.reportOnly,
    }));
}

function bodiesOf(sent: unknown): z.infer<typeof Batch> | undefined {
  const batch = Batch.safeParse(sent);
  if (batch.success) return batch.data;
  const single = Single.safeParse(sent);
  if (!single.success) return undefined;
  const report = single.data["csp-report"];
  const body = {
    documentURL: report["document-uri"],
    // Before CSP 3 it was written with its sources behind it.
    effectiveDirective: report["effective-directive"] || (report["violated-directive"].split(" ")[0] ?? ""),
    blockedURL: report["blocked-uri"],
    disposition: report.disposition,
    reportOnly: false,
  };
  return [{ type: "csp-violation", body }];
}

function blockedOf(address: string): string {
  if (keywords.has(address)) return address;
  if (extension.test(address)) return "extension";
  const url = URL.parse(address.includes(":") ? address : `${address}:`);
  if (!url) return "other";
  if (/^(?:https?|wss?):$/.test(url.protocol)) return url.origin.length <= 100 ? url.origin : "other";
  return /^(?:data|blob|about|filesystem):$/.test(url.protocol) ? url.protocol.slice(0, -1) : "other";
}
