import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { describeEnvironment, helpText } from "./describe.ts";
import * as kinds from "./kinds.ts";
import { editDistance, nearest } from "./nearest.ts";
import { readEnvironment, WrongEnvironment } from "./read-environment.ts";
import { defineEnvironment, type Kind } from "./variable.ts";

const folder = mkdtempSync(join(tmpdir(), "environment-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "key");
writeFileSync(file, "");

/** A link to a file of that mode. */
const ofMode = (mode: number) => {
  const link = join(folder, `link-${mode}`);
  writeFileSync(`${link}.real`, "");
  chmodSync(`${link}.real`, mode);
  symlinkSync(`${link}.real`, link);
  return link;
};

const environment = defineEnvironment({
  program: "sample",
  about: "A sample.",
  variables: {
    PORT: { kind: kinds.port, help: "where to listen", default: "4000" },
    CLARITY_REGISTRY_URL: { kind: kinds.postgresUrl, help: "the registry", required: true, secret: true },
    CLARITY_DRAIN_MS: {
      kind: kinds.wholeNumber({ most: 1_000, unit: "ms" }),
      help: "the pause",
      default: "0",
    },
    CLARITY_TRUST_FORWARDED: { kind: kinds.flag, help: "a proxy is there", default: "0" },
    CLARITY_MASTER_KEY: { kind: kinds.text, help: "the key" },
    CLARITY_MASTER_KEY_FILE: { kind: kinds.existingFile, help: "the key as a file" },
  },
  oneOf: [["CLARITY_MASTER_KEY", "CLARITY_MASTER_KEY_FILE"]],
  rules: ({ PORT, CLARITY_DRAIN_MS = 0 }) =>
    CLARITY_DRAIN_MS === 13 ? [`13 is no pause, at port ${PORT}`] : [],
});
const right = { CLARITY_REGISTRY_URL: "postgres://u:hunter2@db/registry", CLARITY_MASTER_KEY: "k" };

const read = (env: NodeJS.ProcessEnv) => readEnvironment(environment, env);
function linesOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    read(env);
  } catch (error) {
    if (error instanceof WrongEnvironment) return error.lines;
    throw error;
  }
  return [];
}

test("what is set is read as what it is; what is not, blank or padded counts as its default or its own value", () => {
  expect(
    read({ ...right, PORT: " 0\n", CLARITY_TRUST_FORWARDED: "true", CLARITY_DRAIN_MS: "  " }).values,
  ).toEqual({
    ...right,
    PORT: 0,
    CLARITY_TRUST_FORWARDED: true,
    CLARITY_DRAIN_MS: 0,
  });
  expect(read(right).values).toMatchObject({ PORT: 4000, CLARITY_TRUST_FORWARDED: false });
});

test("everything that is wrong is said at once, a line each, and no value of any of it", () => {
  const lines = linesOf({
    PORT: "99999",
    CLARITY_REGISTRY_URL: "mysql://u:hunter2@db",
    CLARITY_DRAIN_MS: "hunter2",
    CLARITY_TRUST_FORWARDED: "yes",
    CLARITY_MASTER_KEY_FILE: join(folder, "hunter2"),
  });
  expect(lines).toEqual([
    "PORT must be a port, 0 to 65535",
    "CLARITY_REGISTRY_URL must be a URL, postgres://user:password@host:5432/database",
    "CLARITY_DRAIN_MS must be a whole number of ms, 0 to 1000",
    "CLARITY_TRUST_FORWARDED must be 1 or 0, true or false",
    "CLARITY_MASTER_KEY_FILE must be the path of a file that is there",
  ]);
  expect(JSON.stringify(lines)).not.toContain("hunter2");
});

test("what is missing is named with what it is for; of several that will do, all are", () => {
  expect(linesOf({})).toEqual([
    "CLARITY_REGISTRY_URL is not set: the registry, a URL, postgres://user:password@host:5432/database",
    "CLARITY_MASTER_KEY or CLARITY_MASTER_KEY_FILE is not set",
  ]);
});

test("a rule over several values is held against those that are right", () => {
  expect(linesOf({ ...right, PORT: "x", CLARITY_DRAIN_MS: "13" })).toEqual([
    "PORT must be a port, 0 to 65535",
    "13 is no pause, at port undefined",
  ]);
});

test.each([
  ["CLARITY_DRIAN_MS", "CLARITY_DRAIN_MS"],
  ["CLARITY_TRUST_FORWARD", "CLARITY_TRUST_FORWARDED"],
  ["clarity_drain_ms", "CLARITY_DRAIN_MS"],
  ["CLARTY_DRAIN_MS", "CLARITY_DRAIN_MS"],
  ["CLARITY_REDIS_ULR", "CLARITY_REDIS_URL"],
])("%s is warned of, with %s beside it, and stops nothing", (name, meant) => {
  const { warnings } = read({ ...right, [name]: "hunter2" });
  expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${name} is set.*\\b${meant}$`))]);
  expect(JSON.stringify(warnings)).not.toContain("hunter2");
});

test.each([
  ["of another process of Clarity", { CLARITY_REDIS_URL: "redis://cache" }],
  ["of somebody else", { CHARITY: "1", PATH: "/bin", CI: "1", CLOUD_PORT: "1", COLORTERM: "1" }],
  [
    "Kubernetes makes of a Service",
    {
      CLARITY_SERVER_SERVICE_HOST: "10.0.0.1",
      CLARITY_SERVER_SERVICE_PORT: "4100",
      CLARITY_SERVER_SERVICE_PORT_HTTP_METRICS: "9100",
      CLARITY_SERVER_PORT: "tcp://10.0.0.1:4100",
      CLARITY_SERVER_PORT_4100_TCP: "tcp://10.0.0.1:4100",
      CLARITY_SERVER_PORT_4100_TCP_PROTO: "tcp",
      CLARITY_SERVER_PORT_4100_TCP_ADDR: "10.0.0.1",
      // A Service `clarity` makes a variable that is one of ours.
      CLARITY_SERVICE_HOST: "10.0.0.2",
      CLARITY_PORT: "tcp://10.0.0.2:4100",
    },
  ],
])("what is %s is not warned of", (_, env) => {
  expect(read({ ...right, ...env }).warnings).toEqual([]);
});

test("a Service whose name makes one of our variables sets it to nothing; a value of ours stays", () => {
  const sample = defineEnvironment({
    program: "sample",
    about: "A sample.",
    variables: { CLARITY_METRICS_PORT: { kind: kinds.port, help: "metrics" } },
  });
  const service = { CLARITY_METRICS_SERVICE_HOST: "10.0.0.1", CLARITY_METRICS_PORT: "tcp://10.0.0.1:9100" };
  expect(readEnvironment(sample, service).values).toEqual({});
  const ours = { ...service, CLARITY_METRICS_PORT: "9100" };
  expect(readEnvironment(sample, ours).values).toEqual({ CLARITY_METRICS_PORT: 9100 });
});

test("a near miss of what is missing stands in the error", () => {
  expect(
    linesOf({ CLARITY_REGISTRY_ULR: "postgres://u:hunter2@db/r", CLARITY_MASTERKEY_FILE: file }),
  ).toEqual([
    expect.stringMatching(
      /^CLARITY_REGISTRY_URL is not set: .*; CLARITY_REGISTRY_ULR is set: was it meant\?$/,
    ),
    expect.stringMatching(
      /^CLARITY_MASTER_KEY or .* is not set; CLARITY_MASTERKEY_FILE is set: was it meant\?$/,
    ),
  ]);
});

const cases: [string, Kind<unknown>, string[], string[]][] = [
  ["flag", kinds.flag, ["1", "0", "true", "false"], ["yes", "on", "2", "TRUE"]],
  ["port", kinds.port, ["0", "4100", "65535"], ["99999", "65536", "-1", "4100.5", "4e3", "0x10", "port"]],
  ["positive number", kinds.positiveNumber("hours"), ["24", "0.5"], ["0", "-1", "1e9", "day", "Infinity"]],
  ["share", kinds.share, ["0", "1", "0.25"], ["1.01", "-0.1", "all"]],
  ["host", kinds.host, ["0.0.0.0", "::", "localhost"], ["http://x", "a b", "a/b"]],
  [
    "http URL",
    kinds.httpUrl,
    ["http://h", "https://h:1/p"],
    ["h", "//h", "ftp://h", "http//h", "http://", "http://h:99999"],
  ],
  ["word or URL", kinds.httpUrlOr("shared"), ["shared", "http://h"], ["Shared", "h"]],
  ["origin", kinds.origin, ["http://h:1", "https://h"], ["http://h/", "http://h/p", "h"]],
  [
    "PostgreSQL URL",
    kinds.postgresUrl,
    ["postgres://h", "postgresql://u:p@h:1/d?sslmode=require", "postgres://h1,h2/d"],
    ["h", "mysql://h", "postgres:/h", "postgres://u@:1/d", "postgres://h:99999/d", "postgres://h1:1,h2:2/d"],
  ],
  ["SMTP URL", kinds.smtpUrl, ["smtp://h:25", "smtps://u:p@h"], ["http://h", "h:25"]],
  ["Redis URL", kinds.redisUrl, ["redis://h", "rediss://:p@h:1/0"], ["http://h", "h:6379"]],
  ["log level", kinds.logLevel, ["info", "silent"], ["INFO", "loud"]],
  ["existing file", kinds.existingFile, [file], [folder, join(folder, "none")]],
  [
    "private file or folder",
    kinds.privatePath,
    [...[0o400, 0o440, 0o600, 0o640, 0o660].map(ofMode), folder],
    [...[0o604, 0o644, 0o666, 0o444, 0o602].map(ofMode), join(folder, "none")],
  ],
  ["existing folder", kinds.existingFolder, [folder], [file, join(folder, "none")]],
  ["JSON", kinds.json("a list", z.array(z.number())), ["[1]"], ["[1", "{}", '["1"]']],
];
test.each(cases)("%s: what is one is taken, what is none is not", (_, kind, taken, refused) => {
  for (const text of taken) expect(kind.schema.safeParse(text), text).toMatchObject({ success: true });
  for (const text of refused) expect(kind.schema.safeParse(text), text).toMatchObject({ success: false });
});

test("the table is the schema's: every default is a right value, what is required has none", () => {
  const rows = describeEnvironment(environment);
  expect(rows.map(({ name }) => name)).toEqual(Object.keys(environment.variables));
  expect(rows.find(({ name }) => name === "CLARITY_MASTER_KEY")?.otherwise).toBe(
    "required, or CLARITY_MASTER_KEY_FILE",
  );
  for (const { name, help } of rows) expect(helpText(environment)).toMatch(new RegExp(`${name}\n +${help}`));
});

test("distance counts letters put in, left out, exchanged and swapped; it is 0 for none, and as far back as there", () => {
  expect(editDistance("ULR", "URL")).toBe(1);
  expect(editDistance("kitten", "sitting")).toBe(3);
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (one, other) => {
      const distance = editDistance(one, other);
      expect(distance).toBe(editDistance(other, one));
      expect(distance === 0).toBe(one === other);
      expect(distance).toBeLessThanOrEqual(Math.max(one.length, other.length));
      expect(distance).toBeGreaterThanOrEqual(Math.abs(one.length - other.length));
    }),
  );
  expect(nearest("B", ["A", "B", "C"])).toEqual({ name: "B", distance: 0 });
});
