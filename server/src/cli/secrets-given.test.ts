import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Command } from "commander";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeInstance } from "../operations/config.ts";
import { type SettingKey, settingDefinitions } from "../tenant/settings.ts";
import { isSecret } from "../tenant/settings-store.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { createProgram } from "./main.ts";
import { runCommandLine } from "./testing/run-command-line.ts";

const folder = temporaryFolders();
const dataDir = folder();
let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
  writeInstance(dataDir, platform.address);
  await platform.createTenant("acme");
});
afterAll(() => platform.close());

const clarity = (args: string[], { input = "", env = {} } = {}) =>
  runCommandLine({ args, dataDir, input, env: { CLARITY_DATA_DIR: dataDir, ...env } });
const secrets = (Object.keys(settingDefinitions) as SettingKey[]).filter(isSecret);
const stored = async (key: SettingKey) => {
  const record = await platform.operator.registry.findBySlug("acme");
  return (await platform.operator.tenants.open(record?.id ?? "")).settings.get(key).catch(() => null);
};

test.each(secrets)("%s as an argument is refused, whatever it is, and nothing is stored", async (key) => {
  for (const value of ["canary-in-argv", "", "--", "x"]) {
    const refused = await clarity([
      "setting",
      "set",
      "acme",
      key,
      ...(value === "--" ? ["--", "canary"] : [value]),
    ]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("as an argument");
    expect(refused.stderr).not.toContain("canary");
  }
  expect(await stored(key)).toBeNull();
});

test("a secret comes by standard input, from a file or a variable, from one of them", async () => {
  const file = join(folder(), "secret");
  writeFileSync(file, "from-the-file\n", { mode: 0o600 });
  const set = ["setting", "set", "acme", "smtp.password"];
  expect(await clarity([...set], { input: "from-standard-input\n" })).toMatchObject({ code: 0, stderr: "" });
  await expect.poll(() => stored("smtp.password"), { timeout: 5_000 }).toBe("from-standard-input");
  expect(await clarity([...set, "--file", file])).toMatchObject({ code: 0 });
  await expect.poll(() => stored("smtp.password"), { timeout: 5_000 }).toBe("from-the-file");
  expect(await clarity([...set, "--env", "MAIL"], { env: { MAIL: "from-the-variable" } })).toMatchObject({
    code: 0,
  });
  await expect.poll(() => stored("smtp.password"), { timeout: 5_000 }).toBe("from-the-variable");
  for (const [args, words] of [
    [["--env", "NONE"], "variable NONE is not set"],
    [["--env", "MAIL", "--file", file], "not both"],
    [["--file", join(folder(), "none")], "ENOENT"],
  ] as const) {
    const refused = await clarity([...set, ...args], { env: { MAIL: "x" } });
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain(words);
  }
  const twice = await clarity(["setting", "set", "acme", "seller.name", "Acme", "--file", file]);
  expect(twice.stderr).toContain("given twice");
});

test("what looks like a secret is taken as an argument by no verb", async () => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const looks = [
    "-----BEGIN PRIVATE KEY-----\ncanary",
    "-----BEGIN RSA PRIVATE KEY-----\ncanary",
    "postgres://admin:canary@db.example/postgres",
    "https://user:canary@erp.example/",
    JSON.stringify({ ...(await exportJWK(privateKey)), canary: "canary" }),
    JSON.stringify({ baseUrl: "x", note: "whsec_canary" }),
    "sk_live_canary",
    `AGE-SECRET-KEY-1${"Q".repeat(58)}CANARY`,
  ];
  const verbs = [
    (secret: string) => ["database-server", "add", "two", secret],
    (secret: string) => ["setting", "set", "acme", "connector", secret],
    (secret: string) => ["setting", "set", "acme", "smtp.pasword", secret],
    (secret: string) => ["embed-key", "add", "acme", `--secret=${secret}`],
    (secret: string) => ["embed-key", "add", "acme", "--jwk-file", secret],
    (secret: string) => ["tenant", "delete", "acme", "--force-reason", `because ${secret}`],
  ];
  for (const secret of looks) {
    for (const verb of verbs) {
      const refused = await clarity(verb(secret));
      expect(refused, secret).toMatchObject({ code: 1, stdout: "" });
      expect(refused.stderr.toLowerCase(), secret).not.toContain("canary");
    }
  }
});

test("--help says where secrets are taken from", () => {
  const terminal = { env: {}, stdin: Readable.from([]), print: () => {}, printError: () => {} };
  const program = createProgram(terminal);
  const find = (...names: string[]) =>
    names.reduce<Command>(
      (command, name) => command.commands.find((sub) => sub.name() === name) as Command,
      program,
    );
  for (const command of [program, find("setting", "set"), find("database-server", "add")]) {
    expect(command.helpInformation().replace(/\s+/g, " ")).toContain(
      "standard input, --file or --env; never as an argument",
    );
  }
});
