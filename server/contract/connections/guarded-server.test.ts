import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { type Answer, createGuardedServer, type GuardedServerOptions } from "./guarded-server.ts";
import type { ConnectionLimits } from "./limits.ts";
import type { Loss } from "./losses.ts";

/** Loose where a test says nothing, so that what ends a connection is what it tries. */
const loose: ConnectionLimits = {
  connections: 100,
  perAddress: 100,
  headersMs: 20_000,
  requestMs: 20_000,
  keepAliveMs: 20_000,
  inactiveMs: 20_000,
  answerMs: 20_000,
  pipelined: 8,
  requestsPerConnection: 1_000,
  unsentBytesPerConnection: 2 ** 30,
  unsentBytes: 2 ** 30,
};
/** More than the system takes off the process's hands for a connection on loopback. */
const huge = Buffer.alloc(24 * 2 ** 20, "x");

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function listen(limits: Partial<ConnectionLimits>, more: Partial<GuardedServerOptions> = {}) {
  const losses: Loss[] = [];
  const answer: Answer = (incoming, outgoing) => {
    if (incoming.url === "/never") return;
    outgoing.end(incoming.url === "/huge" ? huge : `you asked ${incoming.url}`);
  };
  const options = { answer, limits: { ...loose, ...limits }, ...more };
  const server = createGuardedServer({ ...options, report: (told) => losses.push(...told) });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    server,
    losses,
    /** @param from an address of loopback */
    async open(said = "", from = "127.0.0.1") {
      const socket = connect({ port, host: "127.0.0.1", localAddress: from });
      sockets.push(socket);
      socket.on("error", () => {});
      await once(socket, "connect");
      if (said) socket.write(said);
      return socket;
    },
  };
}

const get = (path: string, ...headers: string[]) =>
  `GET ${path} HTTP/1.1\r\n${["host: a", ...headers].join("\r\n")}\r\n\r\n`;

/** Everything it says until it contains this, or ends. */
async function heard(socket: Socket, until = "\0"): Promise<string> {
  let said = "";
  socket.on("data", (part) => {
    said += part;
  });
  await vi.waitFor(() => expect(said.includes(until) || socket.destroyed).toBe(true), { timeout: 5_000 });
  return said;
}

/** Reads it to its end. */
async function ended(socket: Socket): Promise<boolean> {
  socket.resume();
  await vi.waitFor(() => expect(socket.closed).toBe(true), { timeout: 5_000 });
  return true;
}

async function stays(socket: Socket): Promise<boolean> {
  const said = heard(socket, "you asked");
  socket.write(get("/still-there"));
  return (await said).includes("you asked /still-there");
}

test.each<[string, Partial<ConnectionLimits>, string]>([
  ["says nothing", { headersMs: 200 }, ""],
  ["stops half-way through its headers", { headersMs: 200 }, "GET / HTTP/1.1\r\nhost: a\r\n"],
  ["stops ahead of its body", { requestMs: 200, headersMs: 200 }, get("/", "content-length: 9")],
  [
    "never sends what it was told to go on with",
    { requestMs: 200, headersMs: 200 },
    get("/never", "content-length: 9", "expect: 100-continue"),
  ],
  ["says nothing more after its answer", { keepAliveMs: 200 }, get("/")],
  ["waits for an answer that does not come", { inactiveMs: 200 }, get("/never")],
  ["is none of HTTP", {}, "HELLO\r\n\r\n"],
  ["wants a tunnel", {}, "CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n"],
])("a connection that %s is closed", async (_, limits, said) => {
  const { open } = await listen(limits);
  expect(await ended(await open(said))).toBe(true);
});

test.each<[string, string, string]>([
  ["headers", "GET / HTTP/1.1\r\nhost: a\r\nx: ", "a"],
  ["a body", get("/never", "content-length: 1000"), "a"],
  ["a body without a length", get("/never", "transfer-encoding: chunked"), "1\r\na\r\n"],
])("whoever sends %s by the byte is closed when its time is up", async (_, start, drop) => {
  const { open } = await listen({ headersMs: 300, requestMs: 300 });
  const socket = await open(start);
  const dripping = setInterval(() => socket.write(drop), 20);
  expect(await ended(socket)).toBe(true);
  clearInterval(dripping);
});

test("an answer that is not taken ends its connection; one that is read in time does not", async () => {
  const { open, losses } = await listen({ answerMs: 400 });
  const [unread, slow, quick] = [
    await open(get("/huge")),
    await open(get("/huge")),
    await open(get("/huge")),
  ];
  const sips = setInterval(() => slow.read(100), 20);
  let taken = 0;
  quick.on("data", (part) => {
    taken += part.length;
  });
  await vi.waitFor(() => expect(taken).toBeGreaterThan(huge.length), { timeout: 5_000 });
  await vi.waitFor(() => expect(losses).toEqual([{ why: "unread", network: "127.0.0.0/24", count: 2 }]), {
    timeout: 5_000,
  });
  clearInterval(sips);
  expect([await ended(unread), await ended(slow), await stays(quick)]).toEqual([true, true, true]);
});

test("pipelined requests are answered in turn, one at a time, and no more than may wait", async () => {
  let [underWay, most] = [0, 0];
  const answer: Answer = async (incoming, outgoing) => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setTimeout(resolve, 5));
    underWay -= 1;
    outgoing.end(`you asked ${incoming.url}`);
  };
  const { open } = await listen({ pipelined: 3 }, { answer });
  const four = await open(get("/1") + get("/2") + get("/3") + get("/4"));
  expect((await heard(four, "/4")).match(/\/\d(?=HTTP|$)/g)).toEqual(["/1", "/2", "/3", "/4"]);
  expect(most).toBe(1);
  const five = await open([1, 2, 3, 4, 5].map((n) => get(`/${n}`)).join(""));
  expect(await ended(five)).toBe(true);
});

test("requests behind one another are the same with bodies, for which Node answers each before it reads the next", async () => {
  let answered = 0;
  const answer: Answer = (_, outgoing) => {
    answered += 1;
    outgoing.end("you asked");
  };
  const { open, losses } = await listen({}, { answer });
  const flood = `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}`.repeat(900);
  expect(await ended(await open(flood))).toBe(true);
  expect(answered).toBe(0);
  await vi.waitFor(() => expect(losses[0]?.why).toBe("pipelined"), { timeout: 5_000 });
});

test("who pipelines and reads nothing costs one answer, however much is asked for", async () => {
  let answered = 0;
  const answer: Answer = (incoming, outgoing) => {
    if (incoming.url !== "/unread") return void outgoing.end("you asked");
    answered += 1;
    outgoing.end(huge);
  };
  const { open } = await listen({ pipelined: 100 }, { answer });
  await open(get("/unread").repeat(100));
  expect(await heard(await open(get("/")), "you asked")).toContain(" 200 ");
  expect(answered).toBe(1);
});

test("what waits for its turn is read no further, bodies included, until it has it", async () => {
  let arrived = 0;
  const answer: Answer = async (incoming, outgoing) => {
    for await (const part of incoming) arrived += part.length;
    if (incoming.url !== "/never") outgoing.end("you asked");
  };
  const { open, server } = await listen({}, { answer });
  const at = once(server, "connection");
  const body = "b".repeat(300_000);
  const post = (path: string) =>
    `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  await open(post("/never") + post("/1") + post("/2"));
  const [socket] = (await at) as [Socket];
  await vi.waitFor(() => expect(arrived).toBe(body.length));
  expect(await heard(await open(post("/1") + post("/2") + post("/3")), "you asked")).toContain(" 200 ");
  await vi.waitFor(() => expect(arrived).toBe(4 * body.length));
  expect(socket.bytesRead).toBeLessThan(body.length + 150_000);
});

test("an address has so many connections, another its own, and one that is closed is free again", async () => {
  const { open, losses } = await listen({ perAddress: 2 });
  const [first] = [await open(), await open()];
  expect(await ended(await open())).toBe(true);
  expect(await stays(await open("", "127.0.0.2"))).toBe(true);
  first?.destroy();
  await vi.waitFor(async () => expect(await stays(await open())).toBe(true), { timeout: 5_000 });
  await vi.waitFor(() => expect(losses).toContainEqual(expect.objectContaining({ why: "address" })), {
    timeout: 5_000,
  });
});

test("when all places are taken, who has asked for nothing makes room, then who has been answered; a request never", async () => {
  const { open } = await listen({ connections: 3 });
  const [silent, answered, busy] = [await open(), await open(), await open(get("/never"))];
  expect(await stays(answered)).toBe(true);
  const second = await open();
  expect(await ended(silent)).toBe(true);
  expect(await stays(second)).toBe(true);
  const third = await open(get("/never"));
  expect(await ended(answered)).toBe(true);
  const fourth = await open(get("/never"));
  expect(await ended(second)).toBe(true);
  expect(await ended(await open())).toBe(true);
  expect([busy, third, fourth].some(({ destroyed }) => destroyed)).toBe(false);
});

test("behind a proxy whoever asks is counted, and not the proxy", async () => {
  const addressOf: GuardedServerOptions["addressOf"] = ({ headers }) => String(headers["x-forwarded-for"]);
  const { open, losses } = await listen({ perAddress: 2 }, { addressOf });
  const of = (address: string, path = "/never") => open(get(path, `x-forwarded-for: ${address}`));
  for (const _ of [1, 2, 3]) await of("192.0.2.1", "/1");
  const [first] = [await of("192.0.2.1"), await of("192.0.2.1")];
  const refused = await heard(await of("192.0.2.1", "/3"));
  expect(refused).toMatch(/^HTTP\/1.1 429 [\s\S]*retry-after: 1[\s\S]*"code":"rate_limited"/);
  expect(await heard(await of("192.0.2.2", "/4"), "you asked")).toContain("/4");
  first?.destroy();
  await vi.waitFor(async () => expect(await heard(await of("192.0.2.1", "/5"), "/5")).toContain("/5"));
  await vi.waitFor(() => expect(losses[0]).toMatchObject({ why: "address", network: "192.0.2.0/24" }), {
    timeout: 5_000,
  });
});

test("a hundred headers are read, one more is refused in words", async () => {
  const { open } = await listen({});
  const headers = (count: number) => Array.from({ length: count - 1 }, (_, n) => `x-${n}: 1`);
  expect(await heard(await open(get("/", ...headers(100))), "you asked")).toContain(" 200 ");
  const refused = await heard(await open(get("/", ...headers(101))));
  expect(refused).toMatch(/^HTTP\/1.1 400 [\s\S]*"detail":"more than 100 headers"/);
});

test("of all that waits to be taken there is so much; above it those that have taken longest go", async () => {
  const { open, losses } = await listen({ unsentBytes: 2.5 * huge.length });
  const [first, second, third] = [
    await open(get("/huge")),
    await open(get("/huge")),
    await open(get("/huge")),
  ];
  await vi.waitFor(() => expect(losses).toEqual([expect.objectContaining({ why: "unsent", count: 1 })]), {
    timeout: 5_000,
  });
  expect(await ended(first)).toBe(true);
  expect([second, third].some(({ destroyed }) => destroyed)).toBe(false);
});

test("one connection may not hold more than its share, at an answer's end or in the middle of it", async () => {
  const answer: Answer = (incoming, outgoing) => {
    outgoing.write(huge);
    if (incoming.url === "/ends") outgoing.end();
  };
  const { open, losses } = await listen({ unsentBytesPerConnection: 2 ** 20 }, { answer });
  await open(get("/ends"));
  await open(get("/goes-on"));
  await vi.waitFor(
    () => expect(losses.filter(({ why }) => why === "unsent").reduce((n, { count }) => n + count, 0)).toBe(2),
    { timeout: 5_000 },
  );
});

test("with the last of so many requests a client is told that its connection ends", async () => {
  const { open } = await listen({ requestsPerConnection: 2, keepAliveMs: 100 });
  const said = await heard(await open(get("/1") + get("/2")));
  expect(said.match(/connection: [\w-]+/gi)).toEqual(["Connection: keep-alive", "Connection: close"]);
});

test("a flood of refusals is a few lines a second", async () => {
  const addressOf = () => "192.0.2.1";
  const { open, losses } = await listen({ perAddress: 1, connections: 100 }, { addressOf });
  await open(get("/never"));
  await Promise.all(Array.from({ length: 50 }, () => open(get("/"))));
  await vi.waitFor(() => expect(losses.reduce((n, { count }) => n + count, 0)).toBe(50), { timeout: 5_000 });
  expect(losses.length).toBeLessThan(4);
});
