import { createHash } from "node:crypto";
import type { Network } from "../../network/network.ts";
import { bad, type Finding, fine, note } from "../finding.ts";
import { allows } from "./policy.ts";
import { ask, type OurScript, type SeenPage } from "./seen-page.ts";

const integrityOf = (body: string) => `sha384-${createHash("sha384").update(body).digest("base64")}`;

/** Does a browser run this script, and does it know its edge then? */
export async function scriptFindings(input: {
  network: Network;
  page: SeenPage;
  script: OurScript;
}): Promise<Finding[]> {
  const { page, script } = input;
  const { tag, name, url } = script;
  const found: Finding[] = [];
  if (tag.type === "module")
    found.push(
      bad(
        `${name} is a module`,
        "a module is not told its own address, so it knows no edge",
        'take type="module" away',
      ),
    );
  if (url.protocol === "http:" && new URL(page.url).protocol === "https:")
    found.push(
      bad(
        `${name} comes by http into a page by https`,
        "browsers block it",
        `name it as https://${url.host}`,
      ),
    );
  if (page.policies.some((policy) => !lets({ policy, page, script })))
    found.push(
      bad(
        `the page's Content-Security-Policy does not let ${name} in`,
        "browsers do not load it",
        `add ${url.origin} to script-src`,
      ),
    );
  return [...found, ...(await bytesFindings(input))];
}

const lets = (input: { policy: SeenPage["policies"][number]; page: SeenPage; script: OurScript }) =>
  allows({
    policy: input.policy,
    directive: "script-src",
    url: input.script.url.href,
    page: input.page.url,
    nonce: input.script.tag.nonce,
  });

/** Is it there, and are its bytes those that the page pins? */
async function bytesFindings(input: { network: Network; script: OurScript }): Promise<Finding[]> {
  const { tag, name, url } = input.script;
  const answer = await ask(input.network, url.href).catch((error: Error) => error);
  if (answer instanceof Error)
    return [bad(answer.message, reasonIn(answer), `see to it that ${url.origin} is an edge that runs`)];
  if (answer.status !== 200)
    return [
      bad(
        `${url.href} answers ${answer.status}`,
        "the edge has no such version of the form",
        "clarity embed page prints the tags of the version it has",
      ),
    ];
  const is = integrityOf(answer.body);
  const pinned = tag.integrity?.trim().split(/\s+/) ?? [];
  if (pinned.length === 0)
    return [
      note(
        `${name} is not pinned`,
        "a script on a payment page has to be (PCI DSS 6.4.3)",
        `add integrity="${is}" crossorigin="anonymous"`,
      ),
    ];
  const found = pinned.includes(is)
    ? [fine(`${name} is as the page pins it`)]
    : [
        bad(
          `${name} has another hash than the page says`,
          "browsers refuse it, and nothing appears",
          `put integrity="${is}" in place of "${pinned.join(" ")}"`,
        ),
      ];
  if (tag.crossorigin === undefined)
    found.push(
      bad(
        `${name} has integrity without crossorigin`,
        "browsers cannot compare the hash of a script of another origin, and refuse it",
        'add crossorigin="anonymous"',
      ),
    );
  return found;
}

const reasonIn = ({ cause, message }: Error): string => {
  if (!(cause instanceof Error)) return message;
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
};
