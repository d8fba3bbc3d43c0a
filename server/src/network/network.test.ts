import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { parseAllowList } from "./allow-list.ts";
import { createNetwork, readBounded } from "./network.ts";
import { loopbackNetwork } from "./testing/loopback.ts";

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function serve(headers: Record<string, string> = {}, body: string | Buffer = "ok", status = 200) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.headers.host}${request.url}`);
    response.writeHead(status, headers).end(body);
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { asked, port: (server.address() as AddressInfo).port };
}

const causeOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (error: Error) => error,
  );
  return error?.name === "PlaceRefused" ? error : error?.cause;
};

test.each([
  "http://93.184.216.34/",
  "https://127.0.0.1/",
  "https://[::1]/",
  "https://0x7f.1/",
  "https://2130706433/",
  "https://localhost/",
  "https://localhost./",
  "https://169.254.169.254/latest/meta-data",
  "https://168.63.129.16/",
  "https://10.0.0.1/",
  "https://[fd00::1]/",
  "https://[::ffff:10.0.0.1]/",
  "https://user:secret@93.184.216.34/",
  "file:///etc/passwd",
  "ftp://93.184.216.34/",
  "data:,x",
])("%s is not asked", async (url) => {
  expect(await causeOf(createNetwork().fetch(url))).toMatchObject({ name: "PlaceRefused" });
});

test("nothing reaches a server on this machine by whatever name, unless an operator allowed it", async () => {
  const { asked, port } = await serve();
  for (const host of ["127.0.0.1", "localhost", "shop.localhost", "127.1", "[::ffff:127.0.0.1]"]) {
    await expect(createNetwork().fetch(`http://${host}:${port}/`)).rejects.toThrow();
    await expect(createNetwork().fetch(`https://${host}:${port}/`)).rejects.toThrow();
  }
  expect(asked).toEqual([]);
  for (const [list, host] of [
    ["127.0.0.0/8", "127.0.0.1"],
    ["127.0.0.1", "localhost"],
    ["localhost", "localhost"],
    [`localhost:${port}`, "localhost"],
    ["127.0.0.1", "shop.localhost"],
  ] as const) {
    const network = createNetwork({ allow: parseAllowList(list) });
    expect(await (await network.fetch(`http://${host}:${port}/`)).text()).toBe("ok");
  }
  const otherPort = createNetwork({ allow: parseAllowList(`127.0.0.1:${port + 1}`) });
  await expect(otherPort.fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  expect(asked).toHaveLength(5);
});

test("a redirect is an error, and where it leads is not asked", async () => {
  const target = await serve();
  const { port } = await serve({ location: `http://127.0.0.1:${target.port}/` }, "", 302);
  await expect(loopbackNetwork.fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  expect(target.asked).toEqual([]);
});

test("another protocol gets the address that was judged, not the name", async () => {
  await expect(createNetwork().resolve({ host: "localhost", port: 25 })).rejects.toMatchObject({
    name: "PlaceRefused",
  });
  await expect(createNetwork().resolve({ host: "169.254.169.254", port: 25 })).rejects.toMatchObject({
    name: "PlaceRefused",
  });
  expect(await loopbackNetwork.resolve({ host: "127.0.0.1", port: 25 })).toBe("127.0.0.1");
  expect(["127.0.0.1", "::1"]).toContain(await loopbackNetwork.resolve({ host: "localhost", port: 25 }));
});

test("method, headers and body arrive; an answer that unpacks beyond its bound is left", async () => {
  const { asked, port } = await serve({ "content-encoding": "gzip" }, gzipSync("x".repeat(5_000_000)));
  const url = `http://127.0.0.1:${port}/p`;
  const response = await loopbackNetwork.fetch(url, { method: "POST", body: "{}" });
  await expect(readBounded(response, 100_000)).rejects.toThrow(/above 100000 bytes/);
  const request = new Request(url, { method: "PUT", body: "{}", headers: { "x-a": "1" } });
  expect((await readBounded(await loopbackNetwork.fetch(request), 6_000_000)).length).toBe(5_000_000);
  expect(asked).toEqual([`POST 127.0.0.1:${port}/p`, `PUT 127.0.0.1:${port}/p`]);
});
