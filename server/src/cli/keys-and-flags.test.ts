import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeInstance } from "../operations/config.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { runCommandLine } from "./testing/run-command-line.ts";

let platform: TestPlatform;
const folder = temporaryFolders();
const dataDir = folder();
beforeAll(async () => {
  platform = await testPlatform();
  writeInstance(dataDir, platform.address);
  await platform.createTenant("acme");
});
afterAll(() => platform.close());

const clarity = (args: string[], input = "") => runCommandLine({ args, dataDir, input });
const words = (line: string) => clarity(line.split(" "));

test("settings show their kind, and unset brings the default back", async () => {
  await words("setting set acme seller.locale fr");
  const listed = (await words("setting list acme --json")).json();
  expect(listed).toContainEqual(
    expect.objectContaining({ key: "seller.locale", kind: "choice", source: "stored", value: "fr" }),
  );
  expect(listed).toContainEqual(
    expect.objectContaining({ key: "smtp.password", kind: "secret", value: null }),
  );
  expect((await words("setting unset acme seller.locale --json")).json()).toEqual({
    key: "seller.locale",
    unset: true,
  });
  expect((await words("setting get acme seller.locale")).stdout).toBe("en");
  expect((await words("setting unset acme seller.locale")).stdout).toBe("seller.locale was not set");
});

test("what does not fit is refused with the cause, and a secret's value is in no message", async () => {
  const refusals = [
    [["setting", "unset", "acme", "nope"], "no setting nope; there are: "],
    [["setting", "set", "acme", "seller.locale", "tlh"], "expected one of"],
    [["setting", "set", "acme", "smtp", '{"host": 5}'], "host: Invalid input: expected string"],
    [["setting", "set", "acme", "smtp.password"], "smtp.password must be text that is not empty"],
  ] as const;
  for (const [args, cause] of refusals) {
    const refused = await clarity([...args]);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain(cause);
  }
  const pem = join(folder(), "key.pem");
  writeFileSync(pem, "-----BEGIN CANARY-----");
  const wrongFile = await clarity(["embed-key", "add", "acme", "--algorithm", "ES256", "--jwk-file", pem]);
  expect(wrongFile).toMatchObject({ code: 1, stderr: `failed: ${pem} is not JSON` });
});

test("a flag is set with reason and end, listed, and unset; each change is audited", async () => {
  const args = ["flag", "set", "acme", "payments-paused", "true", "--reason", "ERP upgrade"];
  expect((await clarity([...args, "--until", "2999-01-01T00:00Z", "--json"])).json()).toEqual({
    key: "payments-paused",
    value: true,
    until: "2999-01-01T00:00:00.000Z",
  });
  const { flags, unknown } = (await words("flag list acme --json")).json();
  expect(unknown).toEqual([]);
  expect(flags).toContainEqual(
    expect.objectContaining({
      key: "payments-paused",
      value: true,
      owner: "payments",
      override: expect.objectContaining({ reason: "ERP upgrade", expiresAt: "2999-01-01T00:00:00.000Z" }),
    }),
  );
  expect((await words("flag unset acme payments-paused")).stdout).toBe(
    "payments-paused has its default again",
  );
  const acme = await platform.operator.registry.findBySlug("acme");
  const { db } = await platform.operator.tenants.open(acme?.id ?? "");
  const audited = await db.query`
    select tenant_id, action, subject, detail from pay.audit_log where action like 'flag.%' order by id`;
  expect(audited).toMatchObject([
    { action: "flag.set", subject: "payments-paused", detail: { value: true } },
    { action: "flag.unset", subject: "payments-paused" },
  ]);
});

test("a flag past its date is found by the doctor, who says whom it concerns and what to do", async () => {
  const overdue = "flag payments-paused of payments was to be looked at by 2027-12-01";
  const find = async () => {
    const { stdout } = await words("doctor --json");
    return JSON.parse(stdout).find(({ what }: { what: string }) => what === overdue);
  };
  expect(await find()).toBeUndefined();
  vi.useFakeTimers({ toFake: ["Date"], now: new Date("2027-12-01T00:00:00Z") });
  try {
    expect(await find()).toMatchObject({
      ok: true,
      advice: expect.stringContaining("why it is still needed"),
    });
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  [["flag", "set", "acme", "nope", "true"], "no flag nope; there are: payments-paused"],
  [["flag", "set", "acme", "payments-paused", "yes"], 'payments-paused is a boolean: "yes" is none'],
  [["flag", "set", "acme", "payments-paused", "true", "--until", "soon"], '"soon" is no time'],
  [["flag", "set", "acme", "payments-paused", "true", "--until", "2001-01-01"], "has passed"],
  [["flag", "unset", "acme", "nope"], "no flag nope"],
  [["flag", "list", "nobody"], "no tenant nobody"],
  [["key", "rotate"], "name one tenant, or --all"],
  [["key", "rotate", "acme", "--all"], "name one tenant, or --all"],
])("%j is refused", async (args, cause) => {
  const refused = await clarity(args);
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain(cause);
});

test("keys are rotated and the old master key is retired; what cannot be rotated exits 1", async () => {
  expect((await words("key rotate acme --json")).json()).toEqual({
    tenants: [{ slug: "acme", from: 1, to: 2, resealed: 0, error: null }],
    failed: 0,
  });
  const { masterKeyFile } = platform.address;
  expect((await words("master-key rotate --prepare")).stdout).toContain("copy it to every host");
  const prepared = await words("master-key status");
  expect(prepared.stdout).toContain(
    "0 data keys under the newest, 1 under an older one: clarity master-key rotate",
  );
  expect((await words("master-key rotate --json")).json()).toEqual({
    keys: [`${masterKeyFile}.2`, masterKeyFile],
    rewrapped: 1,
  });
  expect((await words("master-key retire")).stderr).toContain("younger than 60 s");
  expect((await words("master-key status --json")).json()).toMatchObject({
    keys: [{ name: `${masterKeyFile}.2` }, { name: masterKeyFile }],
    dataKeys: { underNewest: 1, underOlder: 0, unreadable: [] },
  });
  const past = new Date(Date.now() - 61_000);
  utimesSync(`${masterKeyFile}.2`, past, past);
  expect((await words("master-key retire --json")).json()).toEqual({ removed: [masterKeyFile] });
  expect((await words("doctor --json")).code).toBe(0);
  const acme = await platform.operator.registry.findBySlug("acme");
  await platform.createTenant("lost");
  await platform.operator.registry.sql`
    update tenants set data_key = ${Buffer.alloc(60)} where id = ${acme?.id ?? ""}`;
  const status = await words("master-key status");
  expect(status.code).toBe(1);
  expect(status.stdout).toContain("1 data keys under the newest, 0 under an older one");
  expect(status.stdout).toContain("no key here opens those of acme: put back");
  const failed = await words("key rotate acme --json");
  expect(failed.code).toBe(1);
  expect(failed.json()).toMatchObject({ failed: 1, tenants: [{ slug: "acme", to: null }] });
});

test("master-key init is refused where the registry knows tenants, and makes no file", async () => {
  const elsewhere = folder();
  const masterKeyFile = join(elsewhere, "keys", "master.key");
  writeInstance(elsewhere, { ...platform.address, masterKeyFile });
  const refused = await runCommandLine({ args: ["master-key", "init"], dataDir: elsewhere });
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain("the registry knows what another has wrapped");
  expect(existsSync(masterKeyFile)).toBe(false);
});

test("a platform's signing key is shown for another to trust, and distrusted by its id", async () => {
  const own = (await words("signing-key show --json")).json();
  expect(own).toMatchObject({ kty: "OKP", crv: "Ed25519", kid: expect.any(String) });
  expect(own).not.toHaveProperty("d");
  const { publicKey } = await generateKeyPair("Ed25519");
  const theirs = await exportJWK(publicKey);
  const trusted = await clarity(["signing-key", "trust", "elsewhere", "--json"], JSON.stringify(theirs));
  expect(trusted.json()).toMatchObject({ platform: "elsewhere" });
  expect((await words("signing-key list")).stdout).toMatch(/elsewhere +yes/);
  await words(`signing-key distrust ${trusted.json().id}`);
  expect((await words("signing-key list")).stdout).toMatch(/elsewhere +not since/);
  const wrong = await clarity(["signing-key", "trust", "elsewhere"], "canary");
  expect(wrong).toMatchObject({ code: 1, stdout: "" });
  expect(wrong.stderr).not.toContain("canary");
});
