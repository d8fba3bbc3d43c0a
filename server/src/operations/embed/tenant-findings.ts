import type { Network } from "../../network/network.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { bad, type Finding, fine } from "../finding.ts";
import { allows, parsePolicies } from "./policy.ts";
import { ask, type OurScript, type SeenPage } from "./seen-page.ts";

/** Why the tenant is not served, in words; null: it is. */
export function notServed({ slug, status }: TenantRecord): Finding | null {
  if (status === "active") return null;
  const advice = {
    suspended: `clarity tenant resume ${slug}`,
    creating: `run clarity tenant create ${slug} again: it goes on`,
    deleting: `clarity tenant restore ${slug}, while it can be`,
    moving: "wait until its move is over: clarity tenant show tells",
  }[status];
  return bad(`tenant ${slug} is ${status}`, "nobody can pay, and the form says only that", advice);
}

/** May this page embed the form? */
export async function originFinding({ page, open }: { page: SeenPage; open: OpenTenant }): Promise<Finding> {
  const { slug } = open.tenant;
  const origins = await open.settings.get("embed.origins");
  if (origins.includes(page.origin)) return fine(`${page.origin} may embed the form of ${slug}`);
  return bad(
    `${page.origin} may not embed the form of ${slug}`,
    "browsers keep its answers from the page",
    setOrigins(slug, [...origins, page.origin]),
  );
}

const setOrigins = (slug: string, origins: readonly string[]) =>
  `clarity setting set ${slug} embed.origins '${JSON.stringify(origins)}'`;

/** Can a card be typed there? */
export async function providerFindings(input: {
  network: Network;
  page: SeenPage;
  script: OurScript;
  open: OpenTenant;
}): Promise<Finding[]> {
  const { network, page, script, open } = input;
  const { slug } = open.tenant;
  const provider = await open.settings.get("provider");
  const origins = await open.settings.get("embed.origins");
  if (!provider)
    return [
      bad(
        `${slug} has no payment provider`,
        "invoices are shown, and nothing can be paid",
        `clarity setting set ${slug} provider …, or, to try it, clarity tenant create ${slug} … --sandbox`,
      ),
    ];
  const frame = new URL(provider.frameUrl);
  const inPage = script.name === "pay-form.js";
  const framed = inPage ? frame.href : `${script.url.origin}/embed`;
  const found = page.policies.some(
    (policy) => !allows({ policy, directive: "frame-src", url: framed, page: page.url }),
  )
    ? [
        bad(
          `the page's Content-Security-Policy does not let ${new URL(framed).origin} in a frame`,
          inPage ? "the card fields stay empty" : "the form does not appear",
          `add ${new URL(framed).origin} to frame-src`,
        ),
      ]
    : [];
  if (inPage) found.push(...connectFindings(page, script));
  frame.searchParams.set("key", provider.publishableKey);
  return [...found, ...(await frameFindings({ network, page, slug, origins, frame: frame.href }))];
}

function connectFindings(page: SeenPage, { url }: OurScript): Finding[] {
  const found: Finding[] = [];
  const asks = `${url.origin}/v1/session`;
  if (
    page.policies.some((policy) => !allows({ policy, directive: "connect-src", url: asks, page: page.url }))
  )
    found.push(
      bad(
        "the page's Content-Security-Policy does not let the form ask the edge",
        "it shows nothing",
        `add ${url.origin} to connect-src`,
      ),
    );
  const names = page.policies.flatMap((policy) =>
    policy.has("trusted-types") ? [policy.get("trusted-types")] : [],
  );
  if (names.some((list) => !list?.includes("pay-form") && !list?.includes("*")))
    found.push(
      bad(
        "the page's Content-Security-Policy does not list the form's Trusted Types policy",
        "the form shows nothing",
        "add pay-form to trusted-types",
      ),
    );
  return found;
}

/** A vendor's page says who may stand around it. */
async function frameFindings(input: {
  network: Network;
  page: SeenPage;
  slug: string;
  origins: readonly string[];
  frame: string;
}): Promise<Finding[]> {
  const { network, page, slug, origins, frame } = input;
  const answer = await ask(network, frame).catch((error: Error) => error);
  if (answer instanceof Error || answer.status !== 200)
    return [
      bad(
        `the card fields at ${new URL(frame).origin} ${answer instanceof Error ? "do not answer" : `answer ${answer.status}`}`,
        "no card can be typed",
        `clarity setting get ${slug} provider: its frameUrl and publishableKey must be the provider's`,
      ),
    ];
  // Leave to embed the form is what the provider is told: that comes first.
  if (!origins.includes(page.origin)) return [];
  const policies = parsePolicies(answer.headers.get("content-security-policy") ?? "");
  const lets = policies.every((policy) =>
    allows({ policy, directive: "frame-ancestors", url: page.origin, page: frame }),
  );
  return lets
    ? [fine(`the card fields may be shown on ${page.origin}`)]
    : [
        bad(
          `the card fields at ${new URL(frame).origin} may not be shown on ${page.origin}`,
          "browsers leave their place empty",
          `set it again, then the provider is told: ${setOrigins(slug, origins)}`,
        ),
      ];
}
