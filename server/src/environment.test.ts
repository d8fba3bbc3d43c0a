import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { serverEnvironment } from "./environment.ts";
import { temporaryFolders } from "./testing/temporary-folder.ts";

const folder = temporaryFolders();
const main = fileURLToPath(new URL("main.ts", import.meta.url));

function start(env: Record<string, string>, ...args: string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [main, ...args], { env, encoding: "utf8" });
  return { stdout, stderr, status };
}
const said = (stdout: string, level: "warn" | "fatal") =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { level: number; msg: string })
    .filter((line) => line.level === { warn: 40, fatal: 60 }[level])
    .map(({ msg }) => msg);

test("--help prints every variable the server reads, whatever is set, and ends with 0", () => {
  const { stdout, status } = start({ PORT: "no port" }, "--help");
  expect(status).toBe(0);
  for (const name of Object.keys(serverEnvironment.variables))
    expect(stdout).toMatch(new RegExp(`^  ${name}$`, "m"));
});

test("a server with wrong variables says each in a log line of its own, repeats no value and ends with 1", () => {
  const { stdout, stderr, status } = start({
    PORT: "99999",
    CLARITY_REGISTRY_ULR: "postgres://u:hunter2@db/registry",
    CLARITY_POOLER_URL: "hunter2",
    CLARITY_ALLOWED_NETWORKS: "http://erp.internal",
    CLARITY_MASTER_KEY_FILE: join(folder(), "hunter2"),
    LOG_LEVEL: "hunter2",
    OTEL_TRACES_SAMPLER_ARG: "2",
  });
  expect(status).toBe(1);
  expect(said(stdout, "warn")).toEqual([
    "CLARITY_REGISTRY_ULR is set, and nothing reads it: the nearest there is, is CLARITY_REGISTRY_URL",
  ]);
  expect(said(stdout, "fatal")).toEqual([
    "PORT must be a port, 0 to 65535",
    expect.stringMatching(
      /^CLARITY_REGISTRY_URL is not set: .* CLARITY_REGISTRY_ULR is set: was it meant\?$/,
    ),
    expect.stringMatching(/^CLARITY_EDGE_PUBLIC_KEY_FILE is not set/),
    expect.stringMatching(/^CLARITY_POOLER_URL must be a URL/),
    "CLARITY_ALLOWED_NETWORKS must be names, addresses and networks, such as erp.internal:8443, 10.20.0.0/16",
    expect.stringMatching(/^LOG_LEVEL must be one of/),
    "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1",
    "CLARITY_MASTER_KEY_FILE must name a file that is there",
  ]);
  expect(stdout + stderr).not.toContain("hunter2");
});

test("what a variable names and what is of no use ends the server in one line that names the variable", () => {
  const [masterKey, edgeKey] = [join(folder(), "master.key"), join(folder(), "edge.pub.pem")];
  writeFileSync(masterKey, "too short", { mode: 0o600 });
  writeFileSync(edgeKey, "no key");
  const env = { CLARITY_REGISTRY_URL: "postgres://127.0.0.1:1/r", CLARITY_EDGE_PUBLIC_KEY_FILE: edgeKey };
  const { stdout, stderr, status } = start({ ...env, CLARITY_MASTER_KEY_FILE: masterKey });
  expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  expect(said(stdout, "fatal")).toEqual([
    `CLARITY_MASTER_KEY: the master key ${masterKey} is not 32 bytes long`,
  ]);
  const two = start({ ...env, CLARITY_MASTER_KEY_FILE: masterKey, CLARITY_MASTER_KEY: "file:/elsewhere" });
  expect(said(two.stdout, "fatal")).toEqual([
    "CLARITY_MASTER_KEY and CLARITY_MASTER_KEY_FILE name two master keys: name one",
  ]);
});
