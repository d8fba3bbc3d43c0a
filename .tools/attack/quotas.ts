import { equal, ok } from "node:assert/strict";
import { type Browser, createBrowser } from "../../bff/src/testing/browser.ts";
import type { Check, Family } from "./kit/family.ts";
import { type AttackedEdge, type EdgeStart, startEdge } from "./kit/start-edge.ts";
import { open, request, say } from "./kit/wire.ts";

const host = "acme.localhost:4000";
const strangers = Array.from({ length: 8 }, (_, n) => `127.0.1.${n + 1}`);
const provider = "127.0.2.1";
const payer = (n: number) => `127.0.3.${n + 1}`;

interface Tried {
  edge: AttackedEdge;
  browser: Browser;
}

function check(name: string, start: EdgeStart, attack: (tried: Tried) => Promise<void>): Check {
  return {
    name,
    async run() {
      const edge = await startEdge(start);
      try {
        await attack({ edge, browser: await createBrowser() });
      } finally {
        await edge.close();
      }
    },
  };
}

interface Asked {
  from: string;
  path: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

async function ask({ edge }: Tried, asked: Asked): Promise<number> {
  const { from, path, method = "GET", headers = {}, body = "" } = asked;
  const all = { host, connection: "close", "content-length": String(body.length), ...headers };
  const lines = Object.entries(all).map(([header, value]) => `${header}: ${value}`);
  const bytes = `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
  return (await say({ port: edge.port, bytes, from, waitMs: 20_000 })).status ?? 0;
}

async function openSession(tried: Tried, from: string, token: string): Promise<number> {
  const dpop = await tried.browser.proof({ method: "POST", url: `http://${host}/v1/session` });
  const headers = { dpop, "content-type": "application/json" };
  const body = JSON.stringify({ token: token.repeat(8), locales: ["en"] });
  return ask(tried, { from, path: "/v1/session", method: "POST", headers, body });
}

const webhook = (tried: Tried, from: string, body: string) =>
  ask(tried, { from, path: "/webhooks/sandbox", method: "POST", body });

/** So many from strangers, one address after the other. */
const flood = (count: number, asking: (from: string, n: number) => Promise<number>) =>
  Promise.all(Array.from({ length: count }, (_, n) => asking(strangers[n % 8] ?? "", n)));

async function payersGetIn(tried: Tried): Promise<void> {
  const statuses = await Promise.all(
    Array.from({ length: 53 }, (_, n) => openSession(tried, payer(n), "genuine")),
  );
  equal(statuses.filter((status) => status === 200).length, 53, `of 53 payers: ${statuses}`);
}

async function webhooksGetIn(tried: Tried): Promise<void> {
  const statuses = await Promise.all(Array.from({ length: 40 }, () => webhook(tried, provider, "genuine")));
  equal(statuses.filter((status) => status === 202).length, 40, `of 40 webhooks: ${statuses}`);
}

/** Of a tenant that may have 60 requests a minute, and as many at once. */
const scarce = { edge: { limits: { tenant: 60 } } };
const perAddress = { edge: { limits: { address: 20, page: 20 } } };

/** What a stranger may ask of the edge, each from one address, with what else that address may still ask. */
const anonymous: Record<string, { asked: Omit<Asked, "from">; still: string }> = {
  "the API's description": { asked: { path: "/openapi.json" }, still: "/healthz" },
  "the page for frames": { asked: { path: "/embed" }, still: "/healthz" },
  "a script": { asked: { path: "/v/1.2.3/pay-form.js" }, still: "/healthz" },
  "a style sheet": { asked: { path: "/theme/abcdefgh.css" }, still: "/healthz" },
  "style sheets that are none": { asked: { path: "/theme/nosuch12.css" }, still: "/healthz" },
  "its health": { asked: { path: "/healthz" }, still: "/embed" },
  "its readiness": { asked: { path: "/readyz" }, still: "/embed" },
  "a session with no proof": { asked: { path: "/v1/session", method: "POST" }, still: "/embed" },
  "a session's invoices with a token it made": {
    asked: { path: "/v1/invoices", headers: { authorization: "DPoP a.b.c" } },
    still: "/embed",
  },
  "a preflight": { asked: { path: "/v1/session", method: "OPTIONS" }, still: "/healthz" },
  "what is nowhere": { asked: { path: "/.env" }, still: "/healthz" },
  "a wrong method": { asked: { path: "/embed", method: "PUT" }, still: "/healthz" },
  "a webhook that is forged": {
    asked: { path: "/webhooks/sandbox", method: "POST", body: "forged" },
    still: "/embed",
  },
  "a host that is nobody's": {
    asked: { path: "/embed", headers: { host: "nobody.localhost" } },
    still: "/healthz",
  },
  "the front door": { asked: { path: "/", headers: { host: "localhost" } }, still: "/healthz" },
};

export const family: Family = {
  name: "quotas",
  checks: [
    check(
      "tokens that strangers make, with good proofs, cost no payer its session",
      scarce,
      async (tried) => {
        await flood(240, (from) => openSession(tried, from, "forged"));
        await payersGetIn(tried);
      },
    ),
    check(
      "webhooks come through a flood of forged ones, of themes and of sessions",
      scarce,
      async (tried) => {
        const attack = Promise.all([
          flood(160, (from) => webhook(tried, from, "forged")),
          flood(160, (from, n) => ask(tried, { from, path: `/theme/nosuch${n}.css` })),
          flood(160, (from) => openSession(tried, from, "forged")),
        ]);
        await webhooksGetIn(tried);
        await attack;
        await payersGetIn(tried);
      },
    ),
    check("forged webhooks from a provider's own address cost it none", scarce, async (tried) => {
      equal(await webhook(tried, provider, "genuine"), 202);
      await Promise.all(Array.from({ length: 15 }, () => webhook(tried, provider, "forged")));
      equal(await webhook(tried, provider, "genuine"), 202);
    }),
    check("bodies that never come keep nobody's turn", {}, async (tried) => {
      const head = `POST /webhooks/sandbox HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 9\r\n\r\n`;
      const sockets = await Promise.all(
        strangers.flatMap((from) => [1, 2, 3].map(() => open(tried.edge.port, head, from))),
      );
      await webhooksGetIn(tried);
      await payersGetIn(tried);
      for (const socket of sockets) socket.destroy();
    }),
    ...Object.entries(anonymous).map(([what, { asked, still }]) =>
      check(
        `one address asks for ${what} so often and no more, and others as before`,
        perAddress,
        async (tried) => {
          const statuses = await Promise.all(
            Array.from({ length: 40 }, () => ask(tried, { from: strangers[0] ?? "", ...asked })),
          );
          const refused = statuses.filter((status) => status === 429).length;
          ok(refused >= 19, `${refused} of 40 were refused: ${statuses}`);
          equal(await ask(tried, { from: strangers[0] ?? "", path: still }), 200, "the other route");
          ok((await ask(tried, { from: provider, ...asked })) !== 429, "another address");
        },
      ),
    ),
    check("addresses that a stranger writes itself are nobody's", perAddress, async (tried) => {
      const statuses = await Promise.all(
        Array.from({ length: 40 }, (_, n) => {
          const headers = { "x-forwarded-for": `192.0.2.${n}` };
          return ask(tried, { from: strangers[0] ?? "", path: "/embed", headers });
        }),
      );
      ok(statuses.filter((status) => status === 429).length >= 19);
    }),
    check("a flood that one address goes on with ends its connections", perAddress, async ({ edge }) => {
      const bytes = request("/embed", `host: ${host}`).replace("connection: close\r\n", "");
      const { text, status } = await say({
        port: edge.port,
        bytes: bytes.repeat(16),
        from: "127.0.4.1",
        waitMs: 2_000,
      });
      const more = await say({ port: edge.port, bytes: bytes.repeat(16), from: "127.0.4.1", waitMs: 2_000 });
      equal(status, 200);
      ok(/connection: close/i.test(more.text) && text.length > 0, "it could go on");
    }),
  ],
};
