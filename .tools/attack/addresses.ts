import { deepEqual, equal, rejects } from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import { parseAllowList } from "../../server/src/network/allow-list.ts";
import { createNetwork } from "../../server/src/network/network.ts";
import { mayBeShown } from "../../server/src/payments/challenge-address.ts";
import type { Check, Family } from "./kit/family.ts";

/** A neighbour of the server's that nobody on the internet may reach. It says nothing and counts who connects. */
let neighbour: Server;
let connections = 0;
let port = 0;

const check = (name: string, run: () => Promise<void>): Check => ({ name, run });

/** Asked as a tenant's setting would have it asked: for a page, and as a mail server. */
async function unreached(host: string): Promise<void> {
  const before = connections;
  const network = createNetwork();
  for (const scheme of ["http", "https"]) {
    const signal = AbortSignal.timeout(5_000);
    await rejects(network.fetch(`${scheme}://${host}:${port}/`, { signal }));
  }
  await rejects(network.resolve({ host: host.replace(/^\[|\]$/g, ""), port }));
  equal(connections, before, "the neighbour was connected to");
}

/** Every way to write "this machine" that a resolver or a URL parser has been seen to take. */
const ways = [
  "127.0.0.1",
  "localhost",
  "localhost.",
  "LOCALHOST",
  "acme.localhost",
  "127.1",
  "127.0.1",
  "0x7f.0.0.1",
  "0x7f000001",
  "2130706433",
  "017700000001",
  "0177.0.0.1",
  "0.0.0.0",
  "0",
  "127.255.255.254",
  "[::1]",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::127.0.0.1]",
  "[64:ff9b::127.0.0.1]",
  "[2002:7f00:1::]",
  "①②⑦.0.0.1",
  "127。0。0。1",
];

/** Clouds' own services, and the networks behind a company's wall. */
const places = [
  "169.254.169.254",
  "169.254.170.2",
  "168.63.129.16",
  "100.100.100.200",
  "192.0.0.192",
  "[fd00:ec2::254]",
  "10.0.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "100.64.0.1",
  "198.18.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "[fe80::1]",
  "[fc00::1]",
  "[ff02::1]",
];

/** What a hostile bank page's address may be, with a form that stands on https or on this machine. */
const challenges = [
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  " javascript:alert(1)",
  "java\nscript:alert(1)",
  "data:text/html,x",
  "vbscript:x",
  "blob:https://bank.example/1",
  "file:///etc/passwd",
  "about:blank",
  "//bank.example/",
  "/challenge",
  "https:bank.example",
  "https:\\\\bank.example",
  "https://user:secret@bank.example/",
  "ftp://bank.example/",
  "view-source:https://bank.example/",
  "http://bank.example/",
  "",
];

export const family: Family = {
  name: "addresses",
  async open() {
    neighbour = createServer((socket) => {
      connections += 1;
      socket.on("error", () => {}).destroy();
    });
    await new Promise<void>((resolve) => neighbour.listen(0, "127.0.0.1", resolve));
    port = (neighbour.address() as AddressInfo).port;
  },
  async close() {
    await new Promise((resolve) => neighbour.close(resolve));
  },
  checks: [
    ...ways.map((host) => check(`a tenant that names ${host} reaches nothing here`, () => unreached(host))),
    ...places.map((host) =>
      check(`a tenant that names ${host} reaches nothing within`, async () => {
        const signal = AbortSignal.timeout(5_000);
        await rejects(
          createNetwork().fetch(`https://${host}/`, { signal }),
          (error: Error) =>
            (error.cause as Error | undefined)?.name === "PlaceRefused" || error.name === "PlaceRefused",
        );
      }),
    ),
    ...challenges.map((address) =>
      check(`a bank's page at ${JSON.stringify(address)} is not shown`, async () => {
        deepEqual(
          ["https://erp.example", "http://127.0.0.1:4000", null].map((form) => mayBeShown(address, form)),
          [false, false, false],
        );
      }),
    ),
    check("what an operator allowed is reached, and its neighbour's port is not", async () => {
      const network = createNetwork({ allow: parseAllowList(`127.0.0.1:${port + 1}`) });
      const before = connections;
      await rejects(network.fetch(`http://127.0.0.1:${port}/`));
      equal(connections, before);
      const allowed = createNetwork({ allow: parseAllowList(`127.0.0.1:${port}`) });
      await rejects(allowed.fetch(`http://127.0.0.1:${port}/`));
      equal(connections, before + 1);
    }),
  ],
};
