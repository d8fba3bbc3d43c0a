import type { EarlyCode } from "../locales/en.ts";

/** Whether this page's policy has kept it from asking the edge. */
let isBlocked = false;

/** Call it before the edge is asked for the first time. */
export function watchPolicy(edge: string): void {
  document.addEventListener("securitypolicyviolation", ({ blockedURI, disposition, effectiveDirective }) => {
    const isAsking = disposition === "enforce" && effectiveDirective === "connect-src";
    isBlocked ||= isAsking && URL.parse(blockedURI)?.origin === edge;
  });
}

/**
 * Why an edge was not heard, as far as a page can tell: browsers say the same of a network that is down, of a page that
 * the edge does not let ask, and of a policy in between. Any page may load our script.
 *
 * @returns undefined: it cannot be reached
 */
export async function whyUnheard(script: string): Promise<EarlyCode | undefined> {
  if (isBlocked) return "page_blocked";
  const init = { method: "HEAD", credentials: "omit", cache: "no-store", redirect: "error" } as const;
  return fetch(script, init).then(
    ({ ok }) => (ok ? "page_refused" : undefined),
    () => undefined,
  );
}

/** What only the page knows, and what to change there. */
const own = (edge: string): Readonly<Record<string, string>> => ({
  network: `${edge} cannot be reached from here`,
  page_refused: `${edge} does not let pages of ${origin} ask: add ${origin} to the seller's setting embed.origins`,
  page_blocked: `this page's Content-Security-Policy keeps it from asking: add ${edge} to connect-src`,
  no_token: "this page gave no token: set token, token-url or tokenSource",
  session_ended: "this page's one token is used up: set token-url or tokenSource, or load the page anew",
  insecure_page: "this page is not secure: serve it by https",
});

const said = new Set<string>();

/** One line for whoever keeps the page: the exact cause, and what to change. The payer reads what they can do. */
export function explain(
  {
    code,
    problem,
  }: { code: string; problem: { detail?: string | undefined; requestId?: string | undefined } },
  edge: string,
): void {
  const { detail = own(edge)[code] ?? "ask whoever runs this edge", requestId } = problem;
  const clock = code === "proof_invalid" ? `; by this device it is ${new Date().toUTCString()}` : "";
  const line = `pay-form.js: ${code}: ${detail}${clock}`;
  if (said.has(line)) return;
  said.add(line);
  console.error(requestId ? `${line} (request ${requestId})` : line);
}
