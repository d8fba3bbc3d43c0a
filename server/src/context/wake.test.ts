import { pino } from "pino";
import { expect, test } from "vitest";
import type { Context } from "./context.ts";
import { wake } from "./wake.ts";

const jobs = [{ kind: "outbox" as const, id: "1" }];

test.each<[string, () => Promise<void>]>([
  ["fails", () => Promise.reject(new Error("down"))],
  ["never answers", () => new Promise(() => {})],
])("a queue that %s keeps nobody waiting: the sweep finds the row", async (_, wakeUp) => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const before = performance.now();
  await wake({ wake: wakeUp, log } as unknown as Context, jobs);
  expect(performance.now() - before).toBeLessThan(4_000);
  expect(lines.join()).toContain("waking the worker failed");
});
