import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loopbackNetwork } from "../../network/testing/loopback.ts";
import { listEmbedKeys, revokeEmbedKey } from "../../sessions/embed-keys.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { ownPage, writeOwnPage } from "./own-page.ts";

const folder = temporaryFolders();
let platform: TestPlatform;
let acme: OpenTenant;
let embed = '<script defer src="/v/abc/pay-form.js" integrity="sha384-abc" crossorigin="anonymous"></script>';
const edge = createServer(({ url }, answer) => void answer.end(url === "/embed" ? embed : ""));
const edgeOrigin = () => `http://acme.localhost:${(edge.address() as AddressInfo).port}`;

beforeAll(async () => {
  await new Promise<void>((resolve) => void edge.listen(0, "127.0.0.1", resolve));
  platform = await testPlatform();
  acme = await platform.createTenant("acme");
});
afterAll(async () => {
  await platform.close();
  edge.close();
});

const wanted = () => ({ slug: "acme", network: loopbackNetwork, edge: edgeOrigin() });
const write = (into: string) =>
  writeOwnPage({ ctx: platform.operator, input: { ...wanted(), folder: into, customer: "1001" } });

test("the page names the script its edge has, by address and hash", async () => {
  const html = await ownPage({ ctx: platform.operator, input: wanted() });
  expect(html).toContain(`src="${edgeOrigin()}/v/abc/pay-form.js"\n        integrity="sha384-abc"`);
  expect(html).toContain('<pay-form token-url="/pay-token"></pay-form>');
});

test("written twice it keeps its key, and pins the build of the day; a revoked key is replaced", async () => {
  const into = join(folder(), "page");
  const first = await write(into);
  embed = embed.replaceAll("abc", "def");
  expect(await write(into)).toEqual(first);
  expect(readFileSync(join(into, "index.html"), "utf8")).toContain('integrity="sha384-def"');
  expect(statSync(join(into, "embed-key.json")).mode & 0o777).toBe(0o600);
  expect(existsSync(join(into, "server.mjs"))).toBe(true);
  expect(await listEmbedKeys({ ctx: acme })).toHaveLength(1);
  await revokeEmbedKey({ ctx: acme, input: { id: first.keyId } });
  expect((await write(into)).keyId).not.toBe(first.keyId);
});

test("an edge that is none, and a tenant that is not there, are said to be, and nothing is written", async () => {
  const into = join(folder(), "page");
  embed = "hello";
  await expect(write(into)).rejects.toThrow("is no edge of acme: it answers 200 to /embed");
  const input = { ...wanted(), slug: "nobody" };
  await expect(ownPage({ ctx: platform.operator, input })).rejects.toThrow("no tenant nobody");
  expect(existsSync(into)).toBe(false);
});
