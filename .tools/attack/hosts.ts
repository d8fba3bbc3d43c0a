import { deepEqual, equal, match } from "node:assert/strict";
import type { Check, Family } from "./kit/family.ts";
import { type AttackedEdge, startEdge } from "./kit/start-edge.ts";
import { type Answer, request, say } from "./kit/wire.ts";

const host = "acme.localhost:4000";
let edge: AttackedEdge;

const ask = (bytes: string | Uint8Array): Promise<Answer> => say({ port: edge.port, bytes });

/** 400 as a problem document that says what is wrong, from the edge itself, and a log line that says who. */
async function refusedInWords(bytes: string | Uint8Array): Promise<void> {
  const { status, headers, text } = await ask(bytes);
  equal(status, 400, `answered ${status} ${text.slice(0, 80)}`);
  equal(headers["content-type"], "application/problem+json");
  const { code, detail, requestId } = JSON.parse(text) as Record<string, string>;
  equal(code, "malformed_request");
  match(detail ?? "", /\w+ \w+/);
  equal(headers["x-request-id"], requestId);
  const line = (await edge.logged()).find(
    (logged) => logged.requestId === requestId && logged.status === 400,
  );
  deepEqual([line?.code, line?.network], ["malformed_request", "127.0.0.0/24"]);
}

const refused = (name: string, bytes: string | Uint8Array): Check => ({
  name: `${name} is 400 in words`,
  run: () => refusedInWords(bytes),
});

const wrongHosts: Record<string, string> = {
  "with a port that is none": "acme.localhost:99999",
  "with somebody in front": "user@acme.localhost:4000",
  "that is empty": "",
  "with a dot behind": "acme.localhost.:4000",
  "of two names": "acme.localhost, globex.localhost",
  "with a space": "acme .localhost",
  "with a port of letters": "acme.localhost:http",
  "with port 0": "acme.localhost:0",
  "with two ports": "acme.localhost:4000:4000",
  "with a path": "acme.localhost:4000/x",
  "with a question": "acme.localhost?x",
  "with a fragment": "acme.localhost#x",
  "with a backslash": "acme.localhost\\x",
  "with an escape": "acme%2elocalhost",
  "that is an address in hexadecimal": "0x7f.1",
  "that is an address in one number": "2130706433",
  "of an IPv6 address that is none": "[::1",
  "with a zone": "[fe80::1%25eth0]",
  "with a scheme": "http://acme.localhost",
  "of 300 letters": "a".repeat(300),
};

const wrongTargets: Record<string, string> = {
  "another host": "http://globex.localhost:4000/",
  "another port": "http://acme.localhost:4001/",
  "somebody in front": "http://user@acme.localhost:4000/",
  "somebody called as the host": "http://acme.localhost:4000@globex.localhost/",
  "no host": "http:///v1/invoices",
  "another scheme": "ftp://acme.localhost:4000/",
  "a star": "*",
  "a backslash": "/v1\\invoices",
};

/** Bytes as they are: names beyond ASCII. */
const latin = (name: string) => Buffer.from(request("/", `host: ${name}`), "latin1");
const utf8 = (name: string) => Buffer.from(request("/", `host: ${name}`), "utf8");

async function is(bytes: string, status: number): Promise<void> {
  equal((await ask(bytes)).status, status);
}

export const family: Family = {
  name: "hosts",
  async open() {
    edge = await startEdge();
  },
  close: () => edge.close(),
  checks: [
    refused("two Hosts", request("/embed", "host: acme.localhost:4000", "host: globex.localhost:4000")),
    refused("the same Host twice", request("/embed", `host: ${host}`, `Host: ${host}`)),
    refused("no Host", request("/embed")),
    refused("no Host in HTTP/1.0", "GET /embed HTTP/1.0\r\n\r\n"),
    refused("a target of another host", request("http://other/", `host: ${host}`)),
    refused("a name beyond ASCII", utf8("b\u00fccher.localhost")),
    ...Object.entries(wrongHosts).map(([name, wrong]) =>
      refused(`a Host ${name}`, request("/v1/invoices", `host: ${wrong}`)),
    ),
    ...Object.entries(wrongTargets).map(([name, wrong]) =>
      refused(`a target with ${name}`, request(wrong, `host: ${host}`)),
    ),
    refused("a name in Latin-1", latin("b\u00fccher.localhost")),
    {
      name: "a target of the Host's own is a path like any other",
      run: () => is(request(`http://${host}/embed`, `host: ${host}`), 200),
    },
    {
      name: "a host is one in any case",
      run: () => is(request("/embed", "host: ACME.localhost:4000"), 200),
    },
    {
      name: "a name that is nobody's is 404",
      run: () => is(request("/embed", "host: xn--bcher-kva.localhost"), 404),
    },
    {
      name: "a Host with a space ahead of its colon is no HTTP",
      run: () => is(`GET /embed HTTP/1.1\r\nhost : ${host}\r\n\r\n`, 400),
    },
    {
      name: "a host that a proxy is said to have seen is nobody's word",
      async run() {
        const page = await ask(request("/embed", `host: ${host}`, "x-forwarded-host: globex.localhost:4000"));
        match(page.text, /acme/);
      },
    },
    {
      name: "a path without a slash is no HTTP",
      run: () => is(request("v1/invoices", `host: ${host}`), 400),
    },
    {
      name: "two lengths of one body are no HTTP",
      run: () =>
        is(
          `POST /webhooks/sandbox HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx`,
          400,
        ),
    },
    {
      name: "a body of a length and in chunks is no HTTP",
      run: () =>
        is(
          `POST /webhooks/sandbox HTTP/1.1\r\nhost: ${host}\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
          400,
        ),
    },
    {
      name: "more headers than anybody sends are refused",
      run: () =>
        is(request("/embed", `host: ${host}`, ...Array.from({ length: 200 }, (_, n) => `x-${n}: 1`)), 400),
    },
    {
      name: "headers longer than anybody's are refused",
      run: () => is(request("/embed", `host: ${host}`, `x: ${"x".repeat(20_000)}`), 431),
    },
  ],
};
