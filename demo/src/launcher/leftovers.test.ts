import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { endLeftovers, recordProcesses } from "./leftovers.ts";
import { identify } from "./processes.ts";

const dir = mkdtempSync(join(tmpdir(), "leftovers-"));
afterAll(() => rmSync(dir, { recursive: true }));
const gone = { pid: process.pid, startedAt: "another process had this number" };
const record = (content: unknown) => writeFileSync(join(dir, "processes.json"), JSON.stringify(content));

async function child() {
  const started = spawn(process.execPath, ["-e", "console.log('up'); setInterval(() => {}, 1000)"]);
  await once(started.stdout, "data");
  return started;
}

test("children of a killed launcher are ended; a process that took over a number is left alone", async () => {
  const [ours, stranger] = [await child(), await child()];
  const ended = once(ours, "exit");
  const strangersId = { pid: stranger.pid ?? 0, startedAt: "before it" };
  record({ launcher: gone, children: [identify(ours.pid ?? 0), strangersId] });
  await endLeftovers(dir);
  expect((await ended)[1]).toBe("SIGKILL");
  expect(identify(stranger.pid ?? 0)).not.toBeNull();
  stranger.kill("SIGKILL");
});

test("a launcher that is alive is not touched: the second start is told", async () => {
  recordProcesses(dir, []);
  expect(JSON.parse(readFileSync(join(dir, "processes.json"), "utf8")).launcher.pid).toBe(process.pid);
  await expect(endLeftovers(dir)).rejects.toThrow(/already runs on .* \(process \d+\)/);
});

test("a folder nothing ran on, or a damaged record, stops nobody", async () => {
  await endLeftovers(join(dir, "nowhere"));
  writeFileSync(join(dir, "processes.json"), "{");
  await endLeftovers(dir);
});
