import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { loopbackNetwork } from "../network/testing/loopback.ts";
import { createJwks } from "./jwks.ts";

const open: Server[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.close();
});

async function serve(answer: (path: string) => { status?: number; headers?: object; body: string }) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const { status = 200, headers = {}, body } = answer(request.url ?? "");
    response.writeHead(status, { ...headers }).end(body);
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`, asked };
}

const jwk = (kid: string) => ({
  ...generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" }),
  kid,
});
const find = { kid: "a", algorithm: "ES256" };

test("a set is fetched once, and again for a key it did not have, but not at an attacker's pace", async () => {
  let keys = [jwk("a")];
  let now = 0;
  const { url, asked } = await serve(() => ({ body: JSON.stringify({ keys }) }));
  const jwks = createJwks({ network: loopbackNetwork, now: () => now });
  expect(await jwks.find({ url, ...find })).toMatchObject({ kid: "a" });
  await jwks.find({ url, ...find });
  keys = [jwk("a"), jwk("b")];
  await expect(jwks.find({ url, ...find, kid: "b" })).rejects.toMatchObject({
    code: "ERR_JWKS_NO_MATCHING_KEY",
  });
  expect(asked).toHaveLength(1);
  now = 31_000;
  expect(await jwks.find({ url, ...find, kid: "b" })).toMatchObject({ kid: "b" });
  expect(asked).toHaveLength(2);
});

test("a token without kid is fine with a set of one, and nobody's with a set of two", async () => {
  let keys = [jwk("a")];
  const { url } = await serve(() => ({ body: JSON.stringify({ keys }) }));
  const none = { url, kid: undefined, algorithm: "ES256" };
  expect(await createJwks({ network: loopbackNetwork }).find(none)).toMatchObject({ kid: "a" });
  keys = [jwk("a"), jwk("b")];
  await expect(createJwks({ network: loopbackNetwork }).find(none)).rejects.toThrow();
});

test("a key for another algorithm is no key", async () => {
  const { url } = await serve(() => ({ body: JSON.stringify({ keys: [{ ...jwk("a"), alg: "ES384" }] }) }));
  await expect(createJwks({ network: loopbackNetwork }).find({ url, ...find })).rejects.toThrow();
});

test.each([
  ["redirects", { status: 302, headers: { location: "http://169.254.169.254/" }, body: "" }],
  ["answers an error", { status: 500, body: "" }],
  ["answers no JSON", { body: "<html>" }],
  ["answers another shape", { body: '{"keys":{}}' }],
  ["answers without end", { body: "x".repeat(200_000) }],
])("an address that %s is JwksUnavailable, and asked once", async (_, answer) => {
  const { url, asked } = await serve(() => answer);
  await expect(createJwks({ network: loopbackNetwork }).find({ url, ...find })).rejects.toMatchObject({
    name: "JwksUnavailable",
  });
  expect(asked).toEqual(["/jwks"]);
});

test.each([
  "http://keys.example/jwks",
  "https://127.0.0.1/jwks",
  "https://[::1]/jwks",
  "https://0x7f.1/jwks",
  "https://2130706433/jwks",
  "https://localhost/jwks",
  "https://169.254.169.254/latest/meta-data",
  "https://10.0.0.1/jwks",
  "https://[fd00::1]/jwks",
  "https://[::ffff:10.0.0.1]/jwks",
  "file:///etc/passwd",
])("%s is not fetched", async (url) => {
  await expect(createJwks().find({ url, ...find })).rejects.toMatchObject({ name: "JwksUnavailable" });
});

test("a server on this machine is not asked unless development says so", async () => {
  const { url, asked } = await serve(() => ({ body: JSON.stringify({ keys: [jwk("a")] }) }));
  await expect(createJwks().find({ url, ...find })).rejects.toThrow();
  await expect(createJwks().find({ url: url.replace("127.0.0.1", "localhost"), ...find })).rejects.toThrow();
  expect(asked).toEqual([]);
});

test("however many tokens ask at once, an address is asked once; and after a failure not before half a minute", async () => {
  let now = 0;
  let answer: { status?: number; body: string } = { body: JSON.stringify({ keys: [jwk("a")] }) };
  const { url, asked } = await serve(() => answer);
  const jwks = createJwks({ network: loopbackNetwork, now: () => now });
  const many = () => Promise.allSettled(Array.from({ length: 20 }, () => jwks.find({ url, ...find })));
  expect((await many()).filter(({ status }) => status === "fulfilled")).toHaveLength(20);
  expect(asked).toHaveLength(1);

  now = 11 * 60_000;
  answer = { status: 500, body: "" };
  for (const _ of [1, 2, 3]) {
    expect((await many()).filter(({ status }) => status === "rejected")).toHaveLength(20);
  }
  expect(asked).toHaveLength(2);

  now += 31_000;
  answer = { body: JSON.stringify({ keys: [jwk("a")] }) };
  expect(await jwks.find({ url, ...find })).toMatchObject({ kid: "a" });
  expect(asked).toHaveLength(3);
});
