import type { Network } from "../../network/network.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { bad, type Finding, fine, note, reasonOf } from "../finding.ts";
import type { Operator } from "../operator.ts";
import { scriptFindings } from "./script-findings.ts";
import { type Answered, ask, type OurScript, ourScripts, type SeenPage, seenPage } from "./seen-page.ts";
import { notServed, originFinding, providerFindings } from "./tenant-findings.ts";
import { tokenFindings } from "./token-findings.ts";

interface Check {
  ctx: Operator;
  network: Network;
  now: Date;
}

/**
 * Why a page that embeds the form shows nothing, or cannot be paid in: looks at it as a browser would, in the order in
 * which a browser meets it, and says of each mistake what to change. Changes nothing; a token is not used up.
 *
 * @param input.network the guarded way: whose page it is, nobody knows
 */
export async function checkPage({
  ctx,
  input,
}: {
  ctx: Operator;
  input: { url: string; network: Network; now: Date };
}): Promise<Finding[]> {
  const { url, network, now } = input;
  if (!/^https?:\/\//.test(url))
    return [
      bad(`${url} is no address of a page`, "a form works on http and https only", "name it with https://"),
    ];
  const answer = await ask(network, url).catch((error: Error) => error);
  if (answer instanceof Error) return [unanswered(answer)];
  if (answer.status !== 200) return [notThere(answer)];
  const page = seenPage(answer);
  const scripts = ourScripts(page);
  if (scripts.length === 0) return [nothingOfOurs(page)];
  if (scripts.some(({ url }) => url.origin === page.origin)) return [edgesOwn(page)];
  const found = [fine(`${page.url} has ${scripts.map(({ name }) => name).join(" and ")}`)];
  for (const script of scripts) found.push(...(await checkScript({ ctx, network, now }, page, script)));
  return found;
}

async function checkScript(check: Check, page: SeenPage, script: OurScript): Promise<Finding[]> {
  const { ctx, network } = check;
  const record = await ctx.registry.findByHost(script.url.host);
  if (!record)
    return [
      bad(
        `no tenant answers at ${script.url.hostname}`,
        `${script.name} comes from there, so that is where the form asks`,
        "clarity tenant list names hosts; clarity host add <tenant> gives one more",
      ),
    ];
  const shut = notServed(record);
  if (shut) return [shut];
  const found = await scriptFindings({ network, page, script });
  return [...found, ...(await checkTenant(check, { page, script, record }))];
}

async function checkTenant(
  { ctx, network, now }: Check,
  { page, script, record }: { page: SeenPage; script: OurScript; record: TenantRecord },
): Promise<Finding[]> {
  try {
    const open = await ctx.tenants.open(record.id);
    const misplaced = placeFindings(page, script);
    const nowhere = script.name === "pay-form.js" && misplaced.length > 0;
    return [
      await originFinding({ page, open }),
      ...misplaced,
      ...(nowhere ? [] : await tokenFindings({ network, page, open, now }, saidToken(page, script))),
      ...(await providerFindings({ network, page, script, open })),
    ];
  } catch (error) {
    return [bad(reasonOf(error), `${record.slug} cannot be asked`, "clarity doctor says more")];
  }
}

function unanswered(error: Error): Finding {
  const cause = error.cause instanceof Error ? (error.cause.cause ?? error.cause) : null;
  return bad(error.message, reasonOf(cause), "start it, or name the address a browser would");
}

const notThere = ({ url, status }: Answered): Finding =>
  bad(`${url} answers ${status}`, "there is no page to look at", "name the address of the page itself");

const edgesOwn = ({ url }: SeenPage): Finding =>
  note(
    `${url} is the edge's own page`,
    "it shows what the page around it hands over, and waits for that",
    "name the page that has it in a frame",
  );

function nothingOfOurs({ url, tags }: SeenPage): Finding {
  const inlined = tags.forms.length > 0;
  return bad(
    inlined ? `${url} has <pay-form>, and no script tag of an edge` : `${url} has no payment form`,
    inlined
      ? "a form knows its edge by the address of its script: …/v/…/pay-form.js"
      : "neither pay-form.js nor loader.js of an edge is among its script tags; what scripts add later is not seen here",
    "clarity embed page <tenant> prints what to paste",
  );
}

/** Where the form is to appear. */
function placeFindings({ tags }: SeenPage, { name, tag, url }: OurScript): Finding[] {
  if (name === "pay-form.js") {
    if (tags.forms.length > 0) return [];
    const advice = 'add <pay-form token-url="/…"></pay-form>';
    return tags.scripts.length > 1
      ? [
          note(
            "there is no <pay-form> in the page as it is sent",
            "unless a script adds it, nothing appears",
            advice,
          ),
        ]
      : [bad("there is no <pay-form>", "nothing appears", advice)];
  }
  const id = tag["data-frame"]?.startsWith("#") ? tag["data-frame"].slice(1) : null;
  const frame = tags.frames.find((one) => one.id === id);
  if (tag["data-frame"] === undefined || (id !== null && !frame))
    return [
      bad(
        `loader.js has no frame: data-frame is ${JSON.stringify(tag["data-frame"] ?? "")}`,
        "it hands the token to nobody",
        'data-frame="#pay", and <iframe id="pay"> in the page',
      ),
    ];
  const src = frame?.src === undefined ? null : URL.parse(frame.src);
  if (src && src.origin !== url.origin)
    return [
      bad(
        `the frame is of ${src.origin}, loader.js of ${url.origin}`,
        "a token is handed to the loader's own edge only",
        `src="${url.origin}/embed"`,
      ),
    ];
  return [];
}

function saidToken({ tags }: SeenPage, { name, tag }: OurScript): Parameters<typeof tokenFindings>[1] {
  if (name === "loader.js") {
    const names = { token: "data-token", url: "data-token-url" };
    return { token: tag["data-token"], tokenUrl: tag["data-token-url"], names };
  }
  const [form] = tags.forms;
  const names = { token: "token", url: "token-url" };
  return { token: form?.token, tokenUrl: form?.["token-url"], names };
}
