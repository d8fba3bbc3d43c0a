import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { edgeEnvironment } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "edge-environment-"));
afterAll(() => rmSync(folder, { recursive: true }));
const main = fileURLToPath(new URL("main.ts", import.meta.url));

const start = (env: Record<string, string>, ...args: string[]) =>
  spawnSync(process.execPath, [main, ...args], { env, encoding: "utf8" });
const said = (stdout: string, level: "warn" | "fatal") =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { level: number; msg: string })
    .filter((line) => line.level === { warn: 40, fatal: 60 }[level])
    .map(({ msg }) => msg);

test("--help prints every variable the edge reads, whatever is set, and ends with 0", () => {
  const { stdout, status } = start({ PORT: "no port" }, "--help");
  expect(status).toBe(0);
  for (const name of Object.keys(edgeEnvironment.variables))
    expect(stdout).toMatch(new RegExp(`^  ${name}$`, "m"));
});

test("an edge with wrong variables says each in a log line of its own, repeats no value and ends with 1", () => {
  const { stdout, stderr, status } = start({
    PORT: "99999",
    CLARITY_SERVER_ULR: "http://hunter2",
    CLARITY_EDGE_KEY_FILE: join(folder, "hunter2"),
    CLARITY_ASSETS_DIR: folder,
    CLARITY_REDIS_URL: "hunter2:6379",
    CLARITY_TRUST_FORWARDED: "yes",
  });
  expect(status).toBe(1);
  expect(said(stdout, "warn")).toEqual([
    "CLARITY_SERVER_ULR is set, and nothing reads it: the nearest there is, is CLARITY_SERVER_URL",
  ]);
  expect(said(stdout, "fatal")).toEqual([
    "PORT must be a port, 0 to 65535",
    expect.stringMatching(/^CLARITY_SERVER_URL is not set: .* CLARITY_SERVER_ULR is set: was it meant\?$/),
    "CLARITY_EDGE_KEY_FILE must be the path of a file, or of a folder of files, that is there and that none but its owner and group may read",
    "CLARITY_REDIS_URL must be a URL, redis:// or rediss://",
    "CLARITY_TRUST_FORWARDED must be 1 or 0, true or false",
  ]);
  expect(stdout + stderr).not.toContain("hunter2");
});

test("a variable nothing reads is warned of with the nearest there is; a key that is none is one line", () => {
  const key = join(folder, "edge-key.pem");
  writeFileSync(key, "no key", { mode: 0o600 });
  const { stdout, stderr, status } = start({
    CLARITY_SERVER_URL: "http://127.0.0.1:1",
    CLARITY_EDGE_KEY_FILE: key,
    CLARITY_ASSETS_DIR: folder,
    CLARITY_REDIS_ULR: "redis://cache",
  });
  expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  expect(said(stdout, "warn")).toEqual([
    "CLARITY_REDIS_ULR is set, and nothing reads it: the nearest there is, is CLARITY_REDIS_URL",
  ]);
  expect(said(stdout, "fatal")).toEqual([
    expect.stringMatching(`^CLARITY_EDGE_KEY_FILE: ${key} holds no private key`),
  ]);
});

test("a key that everybody may read is refused, behind a link too; one its group may read is not", () => {
  const [real, link] = [join(folder, "mounted"), join(folder, "link.pem")];
  writeFileSync(real, "no key", { mode: 0o644 });
  symlinkSync(real, link);
  const env = {
    CLARITY_SERVER_URL: "http://127.0.0.1:1",
    CLARITY_EDGE_KEY_FILE: link,
    CLARITY_ASSETS_DIR: folder,
  };
  expect(said(start(env).stdout, "fatal")).toEqual([
    expect.stringMatching(/none but its owner and group may read$/),
  ]);
  chmodSync(real, 0o440);
  expect(said(start(env).stdout, "fatal")).toEqual([expect.stringMatching(/holds no private key/)]);
});
