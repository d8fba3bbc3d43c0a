import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { operatorName } from "./operator-name.ts";

const uid = "54321";
/** Another uid that may still read what the tests' own user may: a checkout is often closed to everybody else. */
const asNobody = [
  ...["--reuid", uid, "--regid", uid, "--clear-groups"],
  ...["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search", process.execPath],
];
const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const cannot = spawnSync("setpriv", [...asNobody, "-e", ""]).status !== 0;
const folder = temporaryFolders();
const children: ChildProcess[] = [];

let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await platform.close();
});

test("who is named stands in the audit log, otherwise the login", () => {
  expect(operatorName("ada@pay.example")).toBe("ada@pay.example");
  expect(operatorName(undefined)).toMatch(/./);
});

// Needs root and util-linux's setpriv.
describe.skipIf(cannot)("as a uid without a name or a home, as containers are run", () => {
  const env = () => ({
    CLARITY_REGISTRY_URL: platform.address.registryUrl,
    CLARITY_MASTER_KEY_FILE: platform.address.masterKeyFile,
  });

  test("the command line works, and its uid stands in the audit log", async () => {
    const { adminUrl, namespace } = platform.address;
    const args = ["master-key", "rotate", "--prepare"];
    const inContainer = { ...env(), DATABASE_URL: adminUrl, CLARITY_NAMESPACE: namespace };
    const found = spawnSync("setpriv", [...asNobody, source("clarity.ts"), "doctor", "--json"], {
      env: inContainer,
      encoding: "utf8",
    });
    expect(found.stderr).toBe("");
    const refused = spawnSync("setpriv", [...asNobody, source("clarity.ts"), ...args], {
      env: inContainer,
      encoding: "utf8",
    });
    expect(refused.stderr).toMatch(/^failed: \S+\.2 cannot be made \(EACCES\): put 32 random bytes there/);
    const rows = await platform.operator.registry.sql`
      select from operator_audit where operator = ${`operator:uid-${uid}`}`;
    expect(rows.length).toBeGreaterThan(0);
  });

  test("the server starts, with its job queue", async () => {
    const publicKey = join(folder(), "edge.pub.pem");
    const pem = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" });
    writeFileSync(publicKey, pem);
    const child = spawn("setpriv", [...asNobody, source("../main.ts")], {
      env: { ...env(), PORT: "0", CLARITY_EDGE_PUBLIC_KEY_FILE: publicKey, CLARITY_PLUGINS_DIR: folder() },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    const said: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(JSON.parse(line).msg);
      if (said.at(-1) === "listening") break;
    }
    expect(said.at(-1)).toBe("listening");
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    expect(await ended).toEqual([0, null]);
  });
});
