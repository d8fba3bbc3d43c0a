import { decodeJwt, decodeProtectedHeader } from "jose";
import type { Network } from "../../network/network.ts";
import { findEmbedKey, listEmbedKeys } from "../../sessions/embed-keys.ts";
import { createJwks } from "../../sessions/jwks.ts";
import { verifyEmbedToken } from "../../sessions/verify-embed-token.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { bad, type Finding, fine, note } from "../finding.ts";
import { allows } from "./policy.ts";
import { ask, type SeenPage } from "./seen-page.ts";

interface Desk {
  network: Network;
  page: SeenPage;
  open: OpenTenant;
  now: Date;
}

/**
 * Where the page has its token from, and whether it is one.
 *
 * @param said the token itself, or the address that answers one; as the element or the loader's tag says it
 */
export async function tokenFindings(
  desk: Desk,
  said: { token: string | undefined; tokenUrl: string | undefined; names: { token: string; url: string } },
): Promise<Finding[]> {
  const { token, tokenUrl, names } = said;
  if (token?.trim())
    return [
      ...(await judge(desk, token.trim(), `the ${names.token}`)),
      note(
        `the page holds its token in ${names.token}`,
        "it opens one session: a page that is read again needs another",
        `answer one at ${names.url}="/…" where payers stay longer`,
      ),
    ];
  if (tokenUrl === undefined)
    return [
      bad(
        `there is neither ${names.token} nor ${names.url}`,
        "without a token nobody is known, and nothing is shown; a script of the page may still set tokenSource",
        `add ${names.url}="/…", an address of the page's own that answers {"token": "…"}`,
      ),
    ];
  return [
    ...addressFindings(desk.page, tokenUrl, names.url),
    ...(await askedFindings(desk, tokenUrl, names.url)),
  ];
}

const addressOf = (page: SeenPage, tokenUrl: string) => URL.parse(tokenUrl, page.base);

function addressFindings(page: SeenPage, tokenUrl: string, name: string): Finding[] {
  const url = addressOf(page, tokenUrl);
  if (!url || url.origin !== page.origin) return [];
  const blocked = page.policies.some(
    (policy) => !allows({ policy, directive: "connect-src", url: url.href, page: page.url }),
  );
  return blocked
    ? [
        bad(
          `the page's Content-Security-Policy does not let it ask ${name}`,
          "no token comes",
          "add 'self' to connect-src",
        ),
      ]
    : [];
}

/** As the form asks; without anybody's cookies. */
async function askedFindings(desk: Desk, tokenUrl: string, name: string): Promise<Finding[]> {
  const { page, network } = desk;
  const url = addressOf(page, tokenUrl);
  if (!url || url.origin !== page.origin)
    return [
      bad(
        `${name} is at ${url?.origin ?? "no address"}, the page at ${page.origin}`,
        "a token is asked for at the page's own origin only",
        `answer it at an address of ${page.origin}`,
      ),
    ];
  const init = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
    redirect: "manual",
  };
  const answer = await ask(network, url.href, init as RequestInit).catch((error: Error) => error);
  if (answer instanceof Error)
    return [bad(answer.message, "no token comes", `answer POST ${url.pathname} with {"token": "…"}`)];
  if (answer.status === 401 || answer.status === 403 || (answer.status >= 300 && answer.status < 400))
    return [
      note(
        `POST ${url.pathname} answers ${answer.status} to somebody who is not signed in`,
        "whether a payer gets a token could not be seen from here",
        "look at its answer in the browser of somebody who is signed in",
      ),
    ];
  const token = answer.status === 200 ? tokenIn(answer.body) : null;
  if (token === null)
    return [
      bad(
        `POST ${url.pathname} answers ${answer.status} without a token`,
        "no token comes",
        'answer 200 with JSON: {"token": "…"}',
      ),
    ];
  return judge(desk, token, `the token of POST ${url.pathname}`);
}

function tokenIn(body: string): string | null {
  try {
    const { token } = JSON.parse(body);
    return typeof token === "string" ? token : null;
  } catch {
    return null;
  }
}

/** A token that would open a session; it is not used up. */
async function judge({ open, network, now }: Desk, token: string, what: string): Promise<Finding[]> {
  const { slug } = open.tenant;
  const findKey = (id: string) => findEmbedKey({ ...open, id });
  const verdict = await verifyEmbedToken(token, { findKey, jwks: createJwks({ network }), now });
  if (verdict.kind === "grant") {
    const missing = await unknownCustomer(open, verdict.subject);
    return missing ? [missing] : [fine(`${what} is good, for customer ${verdict.subject}`)];
  }
  const [why, advice] = await explain({ open, token, now, slug });
  return [bad(`${what} opens no session`, why, advice)];
}

/** Without an ERP the tenant's own list is all there is. */
async function unknownCustomer(open: OpenTenant, id: string): Promise<Finding | null> {
  if (await open.settings.get("connector")) return null;
  const rows = await open.db.query`select tenant_id from pay.customers where id = ${id}`;
  if (rows.length > 0) return null;
  return note(
    `the token is for customer ${id}, whom ${open.tenant.slug} does not know`,
    "without an ERP this customer owes nothing",
    "check its sub: it is the customer's id as the ERP has it",
  );
}

type Explained = [why: string, advice: string];

async function explain(input: {
  open: OpenTenant;
  token: string;
  now: Date;
  slug: string;
}): Promise<Explained> {
  const { open, token, now, slug } = input;
  let claims: Record<string, unknown>;
  let alg: string | undefined;
  try {
    claims = decodeJwt(token);
    ({ alg } = decodeProtectedHeader(token));
  } catch {
    return ["it is no JWT", `sign one: clarity token mint ${slug} --customer <id> shows how it looks`];
  }
  const keys = await listEmbedKeys({ ctx: open });
  const key = keys.find(({ id }) => id === claims.iss);
  const known = keys.filter(({ revokedAt }) => !revokedAt).map(({ id }) => id);
  if (!key)
    return [
      `its iss is ${JSON.stringify(claims.iss)}, no embed key of ${slug}`,
      known.length > 0 ? `its iss must be one of: ${known.join(", ")}` : `clarity embed-key add ${slug}`,
    ];
  if (key.revokedAt)
    return [`its key ${key.id} is revoked`, `clarity embed-key add ${slug}, and sign with that one`];
  if (alg !== key.algorithm)
    return [`it is signed by ${alg}, its key ${key.id} by ${key.algorithm}`, `sign it by ${key.algorithm}`];
  return (
    claimsAmiss(claims, now) ?? [
      `it was not signed by the key ${key.id}`,
      "sign it with that key's own secret, as text: its UTF-8 bytes are the key",
    ]
  );
}

/** Clocks may differ this much, seconds; as sessions/verify-embed-token.ts. */
const toleranceS = 30;

function claimsAmiss(claims: Record<string, unknown>, now: Date): Explained | null {
  const { aud, sub, jti, iat, exp } = claims;
  const nowS = now.getTime() / 1_000;
  if (aud !== "pay") return [`its aud is ${JSON.stringify(aud)}`, 'aud must be "pay"'];
  if (typeof sub !== "string")
    return [`its sub is ${JSON.stringify(sub)}`, "sub must be the customer's id, as text"];
  if (typeof jti !== "string")
    return [`its jti is ${JSON.stringify(jti)}`, "jti must be a text that is used once"];
  if (typeof iat !== "number" || typeof exp !== "number")
    return ["it does not say iat and exp in seconds", "add both, as numbers of seconds since 1970"];
  if (iat > nowS + toleranceS)
    return [`it is of ${agoIn(iat - nowS)} from now`, "set the clock of whoever signs it; iat is in seconds"];
  if (exp + toleranceS < nowS)
    return [`it ended ${agoIn(nowS - exp)} ago`, "sign a new one whenever the page is asked for"];
  if (exp - iat > 600 || exp <= iat)
    return [`it lives for ${agoIn(exp - iat)}`, "exp must be at most ten minutes after iat"];
  return null;
}

const agoIn = (seconds: number) =>
  seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
