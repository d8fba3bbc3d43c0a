import { equal, ok } from "node:assert/strict";
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { decodeJwt, SignJWT } from "jose";
import { type Browser, createBrowser } from "../../bff/src/testing/browser.ts";
import type { Check, Family } from "./kit/family.ts";
import { type AttackedEdge, startEdge } from "./kit/start-edge.ts";
import { type Answer, say } from "./kit/wire.ts";

const host = "acme.localhost:4000";
const other = "globex.localhost:4000";
const urlOf = (path: string, at = host) => `http://${at}${path}`;

let edge: AttackedEdge;
let browser: Browser;
/** A payer's own, as somebody who reads along would have it. */
let accessToken: string;

interface Asked {
  path?: string;
  method?: string;
  at?: string;
  body?: string;
  headers?: Record<string, string>;
}

function ask({
  path = "/v1/invoices",
  method = "GET",
  at = host,
  body = "",
  headers = {},
}: Asked): Promise<Answer> {
  const all = { host: at, connection: "close", "content-length": String(body.length), ...headers };
  const lines = Object.entries(all).map(([header, value]) => `${header}: ${value}`);
  return say({
    port: edge.port,
    bytes: `${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`,
  });
}

async function openSession(dpop: string): Promise<Answer> {
  const headers = { dpop, "content-type": "application/json" };
  const body = JSON.stringify({ token: "genuine".repeat(8), locales: ["en"] });
  return ask({ path: "/v1/session", method: "POST", headers, body });
}

const withToken = (dpop: string, token = accessToken, more: Asked = {}) =>
  ask({ ...more, headers: { authorization: `DPoP ${token}`, dpop } });

async function refused(answer: Promise<Answer>, ...codes: string[]): Promise<void> {
  const { status, text } = await answer;
  ok(status === 401 || status === 403, `answered ${status} ${text.slice(0, 80)}`);
  ok(codes.includes(JSON.parse(text).code), text.slice(0, 80));
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Signed rightly over whatever header there is: what no library would sign. */
function forge(header: object): string {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwk = publicKey.export({ format: "jwk" });
  const claims = {
    htm: "POST",
    htu: urlOf("/v1/session"),
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
  };
  const signed = `${encode({ typ: "dpop+jwt", alg: "ES256", jwk, ...header })}.${encode(claims)}`;
  const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
  return `${signed}.${signature.toString("base64url")}`;
}

const jwkOf = (type: "private" | "public") =>
  generateKeyPairSync("ec", { namedCurve: "P-256" })[`${type}Key`].export({ format: "jwk" });

/** Proofs for another request than the one they come with. */
const misplaced: Record<string, object> = {
  "for another method": { htm: "GET" },
  "for another path": { htu: urlOf("/v1/payments") },
  "for another tenant's host": { htu: urlOf("/v1/session", other) },
  "of ten minutes ago": { iat: Math.floor(Date.now() / 1000) - 600 },
  "of ten minutes ahead": { iat: Math.floor(Date.now() / 1000) + 600 },
  "that can be told from no other": { jti: "" },
};

const misshapen: Record<string, object> = {
  "that is not signed": { alg: "none" },
  "by a key both would share": { alg: "HS256" },
  "with its private key": { jwk: jwkOf("private") },
  "with another's key": { jwk: jwkOf("public") },
  "whose key lies elsewhere": { jwk: undefined, jku: "http://127.0.0.1:1/keys", kid: "1" },
  "of another type": { typ: "JWT" },
  "with what must be understood": { crit: ["b64"], b64: false },
};

/** A payer's token, bent. */
const bent: Record<string, (token: string) => string | Promise<string>> = {
  "with another payload": (token) => {
    const [header, , signature] = token.split(".");
    return `${header}.${encode({ ...decodeJwt(token), sub: "C-2" })}.${signature}`;
  },
  "with no signature": (token) => `${token.split(".").slice(0, 2).join(".")}.`,
  "that says it needs none": (token) => `${encode({ alg: "none", typ: "at+jwt" })}.${token.split(".")[1]}.`,
  "signed by who asks": (token) =>
    new SignJWT(decodeJwt(token))
      .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt" })
      .sign(generateKeyPairSync("ed25519").privateKey),
};

const check = (name: string, run: () => Promise<void>): Check => ({ name, run });

export const family: Family = {
  name: "proofs",
  async open() {
    edge = await startEdge();
    browser = await createBrowser();
    const proof = await browser.proof({ method: "POST", url: urlOf("/v1/session") });
    ({ accessToken } = JSON.parse((await openSession(proof)).text));
  },
  close: () => edge.close(),
  checks: [
    ...Object.entries(misplaced).map(([name, extra]) =>
      check(`a proof ${name} opens no session`, async () => {
        const url = urlOf("/v1/session");
        await refused(
          openSession(await browser.proof({ method: "POST", url, extra: { ...extra } })),
          "proof_invalid",
        );
      }),
    ),
    check("a proof is good once", async () => {
      const proof = await browser.proof({ method: "POST", url: urlOf("/v1/session") });
      equal((await openSession(proof)).status, 200);
      await refused(openSession(proof), "proof_invalid");
    }),
    check("a token without its key reads nothing", async () => {
      const thief = await createBrowser();
      const proof = await thief.proof({ method: "GET", url: urlOf("/v1/invoices"), accessToken });
      await refused(withToken(proof), "proof_invalid", "token_invalid");
    }),
    check("a token as a bearer's reads nothing", () =>
      refused(ask({ headers: { authorization: `Bearer ${accessToken}` } }), "proof_invalid", "token_invalid"),
    ),
    check("a token at another tenant's host reads nothing", async () => {
      const url = urlOf("/v1/invoices", other);
      const proof = await browser.proof({ method: "GET", url, accessToken });
      await refused(withToken(proof, accessToken, { at: other }), "tenant_mismatch");
    }),
    check("the proof of one token serves no other", async () => {
      const url = urlOf("/v1/invoices");
      const proof = await browser.proof({ method: "GET", url, accessToken: "another" });
      await refused(withToken(proof), "proof_invalid");
    }),
    ...Object.entries(misshapen).map(([name, header]) =>
      check(`a proof ${name} opens no session`, () => refused(openSession(forge(header)), "proof_invalid")),
    ),
    ...Object.entries(bent).map(([name, bend]) =>
      check(`a token ${name} reads nothing`, async () => {
        const token = await bend(accessToken);
        const url = urlOf("/v1/invoices");
        const proof = await browser.proof({ method: "GET", url, accessToken: token });
        await refused(withToken(proof, token), "token_invalid");
      }),
    ),
    check("two proofs are none", async () => {
      const url = urlOf("/v1/session");
      const [one, two] = await Promise.all([1, 2].map(() => browser.proof({ method: "POST", url })));
      await refused(openSession(`${one}, ${two}`), "proof_invalid");
    }),
    check("a proof without end is no proof", () =>
      refused(openSession(`${"a".repeat(9_000)}.b.c`), "proof_invalid"),
    ),
    check("nobody who was refused is told more than that", async () => {
      const { text } = await openSession(forge({ alg: "none" }));
      ok(!/stack|node_modules|\.ts/.test(text), text);
    }),
  ],
};
