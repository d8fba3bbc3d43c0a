import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "@clarity/server/testing";
import { afterAll, expect, test } from "vitest";
import { Supervisor } from "./supervisor.ts";

const dir = mkdtempSync(join(tmpdir(), "supervisor-"));
afterAll(() => rmSync(dir, { recursive: true }));

const entry = join(dir, "child.mjs");
writeFileSync(
  entry,
  `import { createServer } from "node:http";
   console.log("hello from", process.env.NAME);
   createServer((_, response) => response.end(String(process.pid))).listen(process.env.PORT, "127.0.0.1");`,
);
writeFileSync(join(dir, "broken.mjs"), `throw new Error("no such setting");`);

function supervise() {
  const lines: string[] = [];
  let pids: number[] = [];
  const supervisor = new Supervisor({
    logDir: join(dir, "logs"),
    cacheDir: join(dir, "cache"),
    report: (line) => lines.push(line),
    onChange: (now) => {
      pids = now;
    },
  });
  return { supervisor, lines, pids: () => pids };
}

/** Asks until another process answers than `not`. */
async function pidAt(url: string, not = 0): Promise<number> {
  for (;;) {
    const pid = await fetch(url).then(
      async (answer) => Number(await answer.text()),
      () => not,
    );
    if (pid !== not) return pid;
    await delay(20);
  }
}

test("a killed child is started again with a line in the report, and stop ends it for good", async () => {
  const { supervisor, lines, pids } = supervise();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  await supervisor.start({ name: "echo", entry, env: { NAME: "echo", PORT: String(port) }, readyUrl: url });
  const first = await pidAt(url);
  process.kill(first, "SIGKILL");
  const second = await pidAt(url, first);
  expect(lines).toEqual(["echo ended (SIGKILL): starting it again"]);
  expect(pids()).toEqual([second]);
  await supervisor.stop();
  await expect(fetch(url)).rejects.toThrow();
  expect(readFileSync(join(dir, "logs/echo.log"), "utf8")).toBe("hello from echo\nhello from echo\n");
});

test("a child that cannot start ends in an error with the end of its log", async () => {
  const { supervisor } = supervise();
  const spec = { name: "broken", entry: join(dir, "broken.mjs"), env: {}, readyUrl: "http://127.0.0.1:9/" };
  await expect(supervisor.start(spec)).rejects.toThrow(/broken ended \(1\)[\s\S]*no such setting/);
  await supervisor.stop();
});

test("children end at once when the supervising process is gone", async () => {
  const port = await freePort();
  const parent = join(dir, "parent.mjs");
  writeFileSync(
    parent,
    `import { Supervisor } from ${JSON.stringify(new URL("supervisor.ts", import.meta.url).href)};
     const supervisor = new Supervisor({ logDir: ${JSON.stringify(dir)}, cacheDir: ${JSON.stringify(join(dir, "cache"))}, report() {}, onChange() {} });
     await supervisor.start({ name: "orphan", entry: ${JSON.stringify(entry)}, env: { PORT: "${port}" }, readyUrl: "http://127.0.0.1:${port}/" });
     process.kill(process.pid, "SIGKILL");`,
  );
  expect(spawnSync(process.execPath, [parent]).signal).toBe("SIGKILL");
  await expect
    .poll(() =>
      fetch(`http://127.0.0.1:${port}/`).then(
        () => "answers",
        () => "gone",
      ),
    )
    .toBe("gone");
});
