import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { CompactSign, exportJWK, generateKeyPair, type JWK } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addEmbedKey } from "../../sessions/embed-keys.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import {
  distrustSigningKey,
  listSigningKeys,
  openSigningKey,
  trustSigningKey,
} from "../keys/signing-keys.ts";
import { exportTenant } from "./export-tenant.ts";
import { ExportUnreadable, ExportUntrusted } from "./format.ts";
import { ImportUnconfirmed, importTenant, type NewImport } from "./import-tenant.ts";

const folder = temporaryFolders();
/** Where it was made, and another platform that has never heard of that. */
let here: TestPlatform;
let elsewhere: TestPlatform;
let path: string;
let publicJwk: JWK;

beforeAll(async () => {
  [here, elsewhere] = [await testPlatform(), await testPlatform()];
  const acme = await here.createTenant("acme");
  await acme.settings.set("embed.origins", ["https://erp.acme.example"]);
  await acme.settings.set("seller.supportEmail", "help@acme.example");
  await acme.settings.set("provider", {
    id: "sandbox",
    baseUrl: "https://api.provider.example",
    frameUrl: "https://frame.provider.example/card",
    publishableKey: "pk",
  });
  await acme.settings.set("connector", {
    id: "d365-fo",
    baseUrl: "https://acme.operations.dynamics.example",
    tokenUrl: "https://login.example/token",
    clientId: "c",
    company: "usmf",
    journalName: "j",
    paymentMethodName: "p",
    offsetAccount: "o",
    concurrency: 3,
  });
  await acme.settings.set("smtp", {
    host: "mail.acme.example",
    port: 25,
    secure: false,
    user: null,
    from: "Acme <billing@acme.example>",
  });
  ({ publicKey: publicJwk } = await publicKey());
  await addEmbedKey({ ctx: acme, input: { id: "erp-jwk", algorithm: "ES256", jwk: { ...publicJwk } } });
  const jwksUrl = "https://erp.acme.example/keys";
  await addEmbedKey({ ctx: acme, input: { id: "erp-jwks", algorithm: "ES256", jwksUrl } });
  await addEmbedKey({ ctx: acme, input: { id: "erp-secret", algorithm: "HS256" } });
  path = join(folder(), "acme");
  await exportTenant({ ctx: here.operator, input: { slug: "acme", out: path } });
});
afterAll(() => Promise.all([here.close(), elsewhere.close()]));

async function publicKey() {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  return { publicKey: await exportJWK(publicKey), privateKey };
}

let slugs = 0;
const importAt = (platform: TestPlatform, more: Partial<NewImport> = {}) =>
  importTenant({
    ctx: platform.operator,
    input: { path, slug: `imported-${++slugs}`, confirmed: true, ...more },
  });

/** A copy to do something to. */
function copy(): string {
  const to = join(folder(), "copy");
  cpSync(path, to, { recursive: true });
  return to;
}

async function expectNothingMade(platform: TestPlatform): Promise<void> {
  const slug = `imported-${slugs}`;
  await expect(platform.operator.registry.findBySlug(slug)).resolves.toBeNull();
}

test("what this platform signed it believes, as a folder and as a .tar, and says who signed", async () => {
  const { id } = await openSigningKey(here.operator);
  await expect(importAt(here)).resolves.toMatchObject({
    created: true,
    signer: { keyId: id, platform: null },
  });
  for (const name of ["acme.tar", "a:b.tar"]) {
    const tar = join(folder(), name);
    await exportTenant({ ctx: here.operator, input: { slug: "acme", out: tar } });
    await expect(importAt(here, { path: tar })).resolves.toMatchObject({
      created: true,
      signer: { keyId: id },
    });
  }
});

test("another platform believes it once it was told to, by that platform's name, and no longer than that", async () => {
  await expect(importAt(elsewhere)).rejects.toThrow(/nobody here has said to believe.*signing-key trust/);
  await expectNothingMade(elsewhere);
  const own = await openSigningKey(here.operator);
  const ctx = elsewhere.operator;
  await trustSigningKey({ ctx, input: { platform: "first", jwk: own.publicJwk } });
  await expect(importAt(elsewhere)).resolves.toMatchObject({ signer: { keyId: own.id, platform: "first" } });
  await distrustSigningKey({ ctx, input: { id: own.id } });
  await expect(importAt(elsewhere)).rejects.toThrow("not believed since");
  await expectNothingMade(elsewhere);
});

/** Signs the copy's manifest as it is. */
async function sign(
  at: string,
  input: { key: Parameters<CompactSign["sign"]>[0]; header?: object; claims?: object },
): Promise<void> {
  const text = readFileSync(join(at, "manifest.json"), "utf8");
  const { tenant, exportedAt } = JSON.parse(text);
  const claims = {
    type: "tenant-export",
    version: 1,
    tenant: { id: tenant.id, slug: tenant.slug },
    exportedAt,
    manifestSha256: createHash("sha256").update(text).digest("hex"),
    ...input.claims,
  };
  const jws = await new CompactSign(Buffer.from(JSON.stringify(claims)))
    .setProtectedHeader({ alg: "Ed25519", typ: "tenant-export+jws", ...input.header } as never)
    .sign(input.key);
  writeFileSync(join(at, "manifest.jws"), jws);
}

/** Another's address in the rows, and checksums that fit. */
function redirect(at: string): void {
  const file = join(at, "settings.jsonl");
  const text = readFileSync(file, "utf8").replaceAll("api.provider.example", "api.thief.example");
  const sha256 = createHash("sha256").update(readFileSync(file)).digest("hex");
  writeFileSync(file, text);
  const manifest = readFileSync(join(at, "manifest.json"), "utf8");
  const now = createHash("sha256").update(text).digest("hex");
  writeFileSync(join(at, "manifest.json"), manifest.replace(sha256, now));
}

test.each<[string, (at: string) => Promise<unknown> | unknown]>([
  ["rows changed, and the checksums with them", redirect],
  ["no signature", (at) => rmSync(join(at, "manifest.jws"))],
  ["an empty signature", (at) => writeFileSync(join(at, "manifest.jws"), "")],
  ["a signature that is none", (at) => writeFileSync(join(at, "manifest.jws"), "a.b.c")],
  [
    "a thief's signature, with the thief's key in it",
    async (at) => {
      redirect(at);
      const { privateKey, publicKey } = await generateKeyPair("Ed25519");
      await sign(at, { key: privateKey, header: { jwk: await exportJWK(publicKey) } });
    },
  ],
  [
    "a thief's signature that names our key",
    async (at) => {
      redirect(at);
      const { privateKey } = await generateKeyPair("Ed25519");
      const { id, publicJwk } = await openSigningKey(here.operator);
      await sign(at, { key: privateKey, header: { kid: id, jwk: publicJwk } });
    },
  ],
  [
    "no algorithm",
    async (at) => {
      const { id } = await openSigningKey(here.operator);
      const [, payload] = readFileSync(join(at, "manifest.jws"), "utf8").split(".");
      const header = Buffer.from(JSON.stringify({ alg: "none", kid: id })).toString("base64url");
      writeFileSync(join(at, "manifest.jws"), `${header}.${payload}.`);
    },
  ],
  [
    "what our key signed as something else",
    async (at) => {
      const key = await openSigningKey(here.operator);
      const [, payload = ""] = readFileSync(join(at, "manifest.jws"), "utf8").split(".");
      const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
      writeFileSync(join(at, "manifest.jws"), await key.sign(claims, "deletion-certificate+jws"));
    },
  ],
  [
    "what our key signed of another export",
    async (at) => {
      const other = join(folder(), "other");
      await exportTenant({ ctx: here.operator, input: { slug: "acme", out: other } });
      copyFileSync(join(other, "manifest.jws"), join(at, "manifest.jws"));
    },
  ],
])("%s: refused, and nothing is made", async (_, harm) => {
  const at = copy();
  await harm(at);
  await expect(importAt(here, { path: at })).rejects.toBeInstanceOf(ExportUntrusted);
  await expectNothingMade(here);
});

test("one that nobody known signed is believed for a reason, which is written down", async () => {
  const at = copy();
  rmSync(join(at, "manifest.jws"));
  for (const untrustedReason of ["", "  "]) {
    await expect(importAt(here, { path: at, untrustedReason })).rejects.toThrow();
  }
  const imported = await importAt(here, { path: at, untrustedReason: "made by release 1.2" });
  expect(imported).toMatchObject({ created: true, signer: null });
  const audited = await here.operator.registry.sql`
    select detail from operator_audit where action = 'tenant.import' and tenant_id = ${imported.tenant.id}`;
  expect(audited).toMatchObject([
    { detail: { signedBy: null, untrustedReason: "made by release 1.2", brought: imported.brought.length } },
  ]);
});

test("what it would trust is listed, all of it, and nothing is made before somebody means it", async () => {
  const refusal = await importAt(here, { confirmed: false }).catch((error) => error);
  expect(refusal).toBeInstanceOf(ImportUnconfirmed);
  await expectNothingMade(here);
  const listed = refusal.brought.map(
    ({ what, value }: { what: string; value: string }) => `${what}: ${value}`,
  );
  expect(listed.filter((line: string) => !line.startsWith("embed key erp-jwk ("))).toEqual([
    "embed key erp-jwks (ES256): https://erp.acme.example/keys",
    "setting connector.baseUrl: https://acme.operations.dynamics.example",
    "setting connector.tokenUrl: https://login.example/token",
    "setting embed.origins: https://erp.acme.example",
    "setting provider.baseUrl: https://api.provider.example",
    "setting provider.frameUrl: https://frame.provider.example/card",
    "setting seller.supportEmail: help@acme.example",
    "setting smtp.from: Acme <billing@acme.example>",
    "setting smtp.host: mail.acme.example",
    "user, owner: admin@acme.test",
  ]);
  expect(listed.join()).toContain(publicJwk.x);
  await expect(importAt(here)).resolves.toMatchObject({ created: true, brought: refusal.brought });
});

test.each<[string, (at: string) => unknown]>([
  [
    "a link for the manifest",
    (at) => {
      renameSync(join(at, "manifest.json"), join(at, "kept"));
      symlinkSync(join(at, "kept"), join(at, "manifest.json"));
    },
  ],
  [
    "a link for a table",
    (at) => {
      rmSync(join(at, "users.jsonl"));
      symlinkSync("/etc/passwd", join(at, "users.jsonl"));
    },
  ],
  [
    "a device for a table",
    (at) => {
      rmSync(join(at, "users.jsonl"));
      symlinkSync("/dev/zero", join(at, "users.jsonl"));
    },
  ],
  [
    "a pipe that nobody writes to",
    (at) => {
      rmSync(join(at, "users.jsonl"));
      spawnSync("mkfifo", [join(at, "users.jsonl")]);
    },
  ],
  ["a manifest without end", (at) => appendFileSync(join(at, "manifest.json"), " ".repeat(4_000_001))],
  ["a signature without end", (at) => appendFileSync(join(at, "manifest.jws"), " ".repeat(20_001))],
  [
    "a table twice",
    (at) => {
      const file = join(at, "manifest.json");
      const manifest = JSON.parse(readFileSync(file, "utf8"));
      manifest.tables.push(manifest.tables[0]);
      writeFileSync(file, JSON.stringify(manifest));
    },
  ],
  [
    "a column twice",
    (at) => {
      const file = join(at, "manifest.json");
      const manifest = JSON.parse(readFileSync(file, "utf8"));
      manifest.tables[0].columns.push(manifest.tables[0].columns[0]);
      writeFileSync(file, JSON.stringify(manifest));
    },
  ],
])("%s is refused before anybody looks who signed it", async (_, harm) => {
  const at = copy();
  harm(at);
  await expect(importAt(here, { path: at })).rejects.toBeInstanceOf(ExportUnreadable);
  await expectNothingMade(here);
});

test("an archive that holds more than its manifest names is refused", async () => {
  const tar = join(folder(), "more.tar");
  const from = copy();
  writeFileSync(join(from, "zz.jsonl"), "{}\n");
  expect(spawnSync("tar", ["-cf", tar, "-C", from, ...readdir(from)]).status).toBe(0);
  await expect(importAt(here, { path: tar })).rejects.toThrow("which its manifest does not name");
  expect(await listSigningKeys({ ctx: here.operator })).toHaveLength(1);
});

const readdir = (at: string) => spawnSync("ls", [at], { encoding: "utf8" }).stdout.trim().split("\n");
