import { expect, test } from "vitest";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { commandLineEnvironment } from "./environment.ts";
import { runCommandLine } from "./testing/run-command-line.ts";

const folder = temporaryFolders();
const clarity = (command: string, env: NodeJS.ProcessEnv) =>
  runCommandLine({ args: command.split(" "), dataDir: folder(), env });

test("--help names every variable the command line reads", async () => {
  const { stdout, code } = await clarity("--help", {});
  expect(code).toBe(0);
  for (const name of Object.keys(commandLineEnvironment.variables)) {
    expect(stdout).toMatch(new RegExp(`^  ${name}$`, "m"));
  }
});

test("whatever the command, wrong variables are all named before it begins, and no value of them", async () => {
  const { stdout, stderr, code } = await clarity("tenant list", {
    DATABASE_URL: "mysql://u:hunter2@db",
    CLARITY_REGISTRY_ULR: "postgres://u:hunter2@db/registry",
    CLARITY_MASTER_KEY: "hunter2",
    CLARITY_NAMESPACE: "Hunter2!",
    CLARITY_BACKUP_INTERVAL_HOURS: "0",
  });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr.split("\n")).toEqual([
    "warning: CLARITY_REGISTRY_ULR is set, and nothing reads it: the nearest there is, is CLARITY_REGISTRY_URL",
    "failed: DATABASE_URL must be a URL, postgres://user:password@host:5432/database",
    "failed: CLARITY_MASTER_KEY must be file:<path> or aws-kms:<key ARN or alias>",
    expect.stringMatching(/^failed: CLARITY_NAMESPACE must be at most 20/),
    "failed: CLARITY_BACKUP_INTERVAL_HOURS must be a number of hours above 0",
  ]);
});
