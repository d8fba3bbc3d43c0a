import { equal, ok } from "node:assert/strict";
import type { Socket } from "node:net";
import type { Check, Family } from "./kit/family.ts";
import { type AttackedEdge, type EdgeStart, startEdge } from "./kit/start-edge.ts";
import { closed, kept, open, request, say } from "./kit/wire.ts";

const MiB = 2 ** 20;
const acme = "host: acme.localhost:4000";
const openApi = kept("/openapi.json", acme);
const sheet = kept("/theme/abcdefgh.css", acme);
/** Longer than the system takes off the process's hands. */
const longSheet = { answerBytes: 7 * MiB };
/** As short as they may be, so that nobody waits for what a time-out ends. */
const hasty = {
  CLARITY_HEADERS_TIMEOUT_MS: "300",
  CLARITY_REQUEST_TIMEOUT_MS: "600",
  CLARITY_KEEP_ALIVE_MS: "300",
  CLARITY_ANSWER_TIMEOUT_MS: "500",
};
/** A time-out, and two looks at the sockets. */
const soonMs = 4_000;

interface Tried {
  edge: AttackedEdge;
  /** Sockets, all closed at the end. */
  flood(count: number, bytes: string, from?: (n: number) => string): Promise<Socket[]>;
}

/** With an edge of its own, which answers a payer at the end as it did at the start. */
function check(name: string, start: EdgeStart, attack: (tried: Tried) => Promise<void>): Check {
  return {
    name,
    async run() {
      const edge = await startEdge(start);
      const sockets: Socket[] = [];
      const flood: Tried["flood"] = async (count, bytes, from) => {
        const opened = Array.from({ length: count }, (_, n) => open(edge.port, bytes, from?.(n)));
        sockets.push(...(await Promise.all(opened)));
        return sockets.slice(-count);
      };
      try {
        await attack({ edge, flood });
        await served(edge);
      } finally {
        for (const socket of sockets) socket.destroy();
        await edge.close();
      }
    },
  };
}

/** Somebody else's request is answered, as soon as a busy machine can. */
async function served({ port }: AttackedEdge, from = "127.0.9.9"): Promise<void> {
  const { status } = await say({ port, bytes: request("/healthz", acme), from, waitMs: 10_000 });
  equal(status, 200, `a bystander was answered ${status}`);
}

/** What the attack costs at its height, bytes. */
async function costs(tried: Tried, attack: () => Promise<unknown>): Promise<number> {
  const { edge } = tried;
  // Once, so that what is made once is not counted.
  await say({ port: edge.port, bytes: request("/openapi.json", acme) });
  const before = await edge.memoryBytes();
  let most = 0;
  await attack();
  for (let n = 0; n < 10; n++) {
    most = Math.max(most, await edge.memoryBytes());
    await served(edge);
  }
  return most - before;
}

/** Sends a bit every now and then until it is closed. */
async function drip(socket: Socket, bytes: string): Promise<void> {
  socket.resume();
  const dripping = setInterval(() => socket.write(bytes), 50);
  await closed(socket, soonMs).finally(() => clearInterval(dripping));
}

/** Each of them says so much, and then nothing. */
const silent: Record<string, string> = {
  "says nothing": "",
  "stops in its headers": `GET / HTTP/1.1\r\n${acme}\r\n`,
  "stops ahead of its body": `POST /v1/session HTTP/1.1\r\n${acme}\r\ncontent-length: 9\r\n\r\n`,
  "waits for its next request": kept("/healthz", acme),
};

const pipelines = (name: string, bytes: string): Check =>
  check(
    `20 sockets that ask for 900 ${name} and read nothing cost no memory to speak of`,
    {},
    async (tried) => {
      const cost = await costs(tried, () => tried.flood(20, bytes.repeat(900)));
      ok(cost < 48 * MiB, `cost ${Math.round(cost / MiB)} MiB`);
    },
  );

export const family: Family = {
  name: "connections",
  checks: [
    pipelines("OpenAPI documents", openApi),
    pipelines("sessions", `POST /v1/session HTTP/1.1\r\n${acme}\r\ncontent-length: 2\r\n\r\n{}`),
    ...Object.entries(silent).map(([name, bytes]) =>
      check(`a socket that ${name} is closed`, { variables: hasty }, async ({ flood }) => {
        const [socket] = await flood(1, bytes);
        socket?.resume();
        if (socket) await closed(socket, soonMs);
      }),
    ),
    check("headers that come by the byte are cut off", { variables: hasty }, async ({ flood }) => {
      const [socket] = await flood(1, `GET / HTTP/1.1\r\n${acme}\r\nx: `);
      if (socket) await drip(socket, "x");
    }),
    check("a body that comes by the byte is cut off", { variables: hasty }, async ({ flood }) => {
      const [socket] = await flood(
        1,
        `POST /webhooks/sandbox HTTP/1.1\r\n${acme}\r\ntransfer-encoding: chunked\r\n\r\n`,
      );
      if (socket) await drip(socket, "1\r\nx\r\n");
    }),
    check(
      "an answer that nobody takes is dropped",
      { ...longSheet, variables: hasty },
      async ({ flood, edge }) => {
        const [socket] = await flood(1, sheet);
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        socket?.resume();
        if (socket) await closed(socket, soonMs);
        ok((socket?.bytesRead ?? 0) < 7 * MiB, "it could still be read");
        await served(edge);
      },
    ),
    check("one address fills its own places and nobody else's", {}, async ({ flood, edge }) => {
      const sockets = await flood(400, "");
      const kept = sockets.filter((socket) => !socket.destroyed);
      for (const socket of kept) socket.resume();
      await served(edge);
      ok(sockets.filter(({ destroyed }) => !destroyed).length <= 256, "more than 256 were let in");
    }),
    check(
      "silent sockets from everywhere make room for who asks",
      { variables: { CLARITY_CONNECTIONS: "200" } },
      async ({ flood, edge }) => {
        await flood(400, "", (n) => `127.0.${n % 100}.1`);
        for (let n = 0; n < 20; n++) await served(edge, `127.1.${n}.1`);
      },
    ),
    check("answers that nobody takes are bounded in all", longSheet, async (tried) => {
      const cost = await costs(tried, async () => {
        for (let n = 0; n < 30; n++) await tried.flood(1, sheet, () => `127.0.${n}.1`);
      });
      ok(cost < 150 * MiB, `cost ${Math.round(cost / MiB)} MiB`);
    }),
    pipelines("style sheets", sheet),
    pipelines("health checks", kept("/healthz", acme)),
    pipelines("heads", `HEAD /openapi.json HTTP/1.1\r\n${acme}\r\n\r\n`),
    check("a flood of connections that come and go leaves nothing behind", {}, async (tried) => {
      const cost = await costs(tried, async () => {
        for (let n = 0; n < 30; n++) for (const socket of await tried.flood(100, openApi)) socket.destroy();
      });
      ok(cost < 64 * MiB, `cost ${Math.round(cost / MiB)} MiB`);
    }),
    check("sockets half closed by their other end are closed", { variables: hasty }, async ({ flood }) => {
      const [socket] = await flood(1, `GET / HTTP/1.1\r\n${acme}\r\n`);
      socket?.end();
      socket?.resume();
      if (socket) await closed(socket, soonMs);
    }),
    check("a tunnel is not dug", {}, async ({ edge }) => {
      const { status } = await say({ port: edge.port, bytes: `CONNECT a:1 HTTP/1.1\r\n${acme}\r\n\r\n` });
      equal(status, null);
    }),
    check(
      "behind a proxy one address's slow requests are its own trouble",
      { edge: { trustForwarded: true } },
      async ({ flood, edge }) => {
        const slow = `POST /webhooks/sandbox HTTP/1.1\r\n${acme}\r\nx-forwarded-for: 192.0.2.1\r\ncontent-length: 9\r\n\r\n`;
        await flood(300, slow);
        const ask = (address: string) =>
          say({ port: edge.port, bytes: request("/healthz", acme, `x-forwarded-for: ${address}`) });
        equal((await ask("192.0.2.1")).status, 429);
        equal((await ask("198.51.100.1, 192.0.2.2")).status, 200);
      },
    ),
  ],
};
