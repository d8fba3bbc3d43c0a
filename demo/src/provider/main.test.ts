import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ProviderConfig } from "./config.ts";
import { type ProviderProcess, spawnMain, startProcess } from "./testing/process.ts";
import { startReceiver } from "./testing/receiver.ts";
import { openMerchant, prepare } from "./testing/sandbox.ts";

let prepared: Awaited<ReturnType<typeof prepare>>;
let config: ProviderConfig;

beforeAll(async () => {
  prepared = await prepare();
  config = prepared.config;
});
afterAll(async () => {
  await prepared.database.close();
  await rm(prepared.cardFrameDir, { recursive: true });
});

test("killed with -9 between the charge and its answer, it knows the charge after the restart", async () => {
  const receiver = await startReceiver();
  receiver.answerWith(500);
  const opened = { name: "Acme", webhookUrl: receiver.url };
  const before = await startProcess(config);
  let acme = await openMerchant(before.url, opened);
  const reference = randomUUID();
  const call = { reference, token: await acme.token("4000 0000 0000 4202") };
  const answer = acme.charge(call).catch(() => "no answer");
  await expect.poll(async () => (await acme.find(reference)).status).toBe(200);
  await before.end("SIGKILL");
  expect(await answer).toBe("no answer");

  receiver.answerWith(204);
  const after = await startProcess(config);
  acme = await openMerchant(after.url, opened);
  expect((await acme.find(reference)).json).toMatchObject({ reference, status: "authorized" });
  expect(await acme.charge(call)).toMatchObject({ status: 201, json: { reference, status: "authorized" } });
  expect(await acme.list()).toHaveLength(1);
  // Killed in the middle of a delivery, the event is due again when its lease of 30 s ends.
  await expect
    .poll(() => receiver.of(reference).some(({ answered }) => answered === 204), { timeout: 45_000 })
    .toBe(true);
  await after.end("SIGTERM");
  await receiver.close();
}, 60_000);

test("SIGTERM ends it within 5 s with code 0, even while a call hangs", async () => {
  const provider = await startProcess(config);
  const acme = await openMerchant(provider.url, { name: "Acme", webhookUrl: "http://127.0.0.1:9/" });
  const reference = randomUUID();
  const hanging = acme
    .charge({ reference, token: await acme.token("4000000000004202") })
    .catch(() => "broken");
  await expect.poll(async () => (await acme.find(reference)).status).toBe(200);
  const { code, tookMs } = await provider.end("SIGTERM");
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(5000);
  expect(await hanging).toBe("broken");
  expect(provider.output()).toBe(`provider ready ${provider.url}\n`);
});

test("every missing variable and a taken port are named, with exit code 1", async () => {
  const bare = spawnMain({});
  expect((await once(bare.child, "exit"))[0]).toBe(1);
  expect(bare.output().match(/^\w+ is not set/gm)).toEqual(
    ["PORT", "DATABASE_URL", "ADMIN_KEY", "PUBLIC_ORIGIN", "CARD_FRAME_DIR", "FRAME_ANCESTORS"].map(
      (name) => `${name} is not set`,
    ),
  );

  const running: ProviderProcess = await startProcess(config);
  const port = Number(new URL(running.url).port);
  await expect(startProcess({ ...config, port })).rejects.toThrow(/EADDRINUSE.*:\d+/);
  await running.end("SIGTERM");
});
