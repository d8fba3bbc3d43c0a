import { afterAll, beforeAll, expect, test } from "vitest";
import { CannotDecrypt } from "../crypto/seal.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { SettingMissing } from "./errors.ts";
import { createSettings } from "./settings-store.ts";
import type { OpenTenant } from "./tenants.ts";

let platform: TestPlatform;
let acme: OpenTenant;
let globex: OpenTenant;
beforeAll(async () => {
  platform = await testPlatform();
  acme = await platform.createTenant("acme");
  globex = await platform.createTenant("globex");
});
afterAll(() => platform.close());

/** As another process sees it: nothing remembered. */
const fresh = ({ db, keys }: OpenTenant) =>
  createSettings({ db, keys, actor: { kind: "operator", name: "test" } });
const canary = "sk_canary_4f1d";

test("a value set is read back, by others too; a default stands in for what is not set", async () => {
  await acme.settings.set("seller.locale", "fr");
  await expect(acme.settings.get("seller.locale")).resolves.toBe("fr");
  await expect(fresh(acme).get("seller.locale")).resolves.toBe("fr");
  await expect(globex.settings.get("seller.locale")).resolves.toBe("en");
  await acme.settings.set("connector", null);
  await expect(fresh(acme).get("connector")).resolves.toBeNull();
});

test("a seller's name is one plain line, when it is set and when something else wrote it", async () => {
  await acme.settings.set("seller.name", " Acme\nLtd \u202e");
  await expect(fresh(acme).get("seller.name")).resolves.toBe("Acme Ltd");
  const name = JSON.stringify("Globex\r\nInc");
  await globex.db.query`
    insert into pay.settings (tenant_id, key, value) values (${globex.tenant.id}, 'seller.name', ${name}::text::jsonb)
    on conflict (tenant_id, key) do update set value = excluded.value returning tenant_id`;
  await expect(fresh(globex).get("seller.name")).resolves.toBe("Globex Inc");
  await expect(acme.settings.set("seller.name", "\n\u202e ")).rejects.toThrow();
});

test("a setting without value and default is missing", async () => {
  await expect(globex.settings.get("smtp.password")).rejects.toBeInstanceOf(SettingMissing);
});

test("a value that does not fit is refused when set, and when something else wrote it", async () => {
  await expect(acme.settings.set("seller.statement", "x".repeat(23))).rejects.toThrow("22");
  await globex.db.query`
    insert into pay.settings (tenant_id, key, value) values (${globex.tenant.id}, 'seller.statement', '17')
    returning tenant_id`;
  await expect(fresh(globex).get("seller.statement")).rejects.toThrow("expected string");
});

test.each([
  "https://erp.example; script-src *",
  "https://erp.example\nx-injected: 1",
  "https://*",
  "https://erp.example:443",
  "https://ERP.example",
  "https://user@erp.example",
  "ftp://erp.example",
  "null",
])("%j is no origin: it goes into headers as it is, and is compared byte for byte", async (origin) => {
  await expect(acme.settings.set("embed.origins", [origin])).rejects.toThrow("an origin");
});

test("a payment frame's address is the web's, and says nothing else in a policy", async () => {
  const provider = { id: "sandbox", baseUrl: "https://api.example", publishableKey: "pk_1" } as const;
  for (const frameUrl of ["javascript:alert(1)", "data:text/html,x", "https://a;sandbox/card"])
    await expect(acme.settings.set("provider", { ...provider, frameUrl })).rejects.toThrow();
  await acme.settings.set("provider", { ...provider, frameUrl: "http://127.0.0.1:4002/card" });
});

test("a secret is stored as ciphertext only, is never listed, and its change is audited without it", async () => {
  await acme.settings.set("provider.secretKey", canary);
  await expect(fresh(acme).get("provider.secretKey")).resolves.toBe(canary);
  const rows = await acme.db.query<{ tenant_id: string; all: string }>`
    select tenant_id, settings::text as all from pay.settings
    union all select tenant_id, audit_log::text from pay.audit_log`;
  const stored = rows.map((row) => row.all).join("\n");
  expect(stored).toContain("setting.set");
  expect(stored).not.toContain(canary);
  expect(stored).not.toContain(Buffer.from(canary).toString("hex"));
  expect(JSON.stringify(await acme.settings.list())).not.toContain(canary);
  const audited = await acme.db.query`
    select tenant_id, actor, subject from pay.audit_log where action = 'setting.set' and subject = 'provider.secretKey'`;
  expect(audited).toEqual([
    { tenant_id: acme.tenant.id, actor: "operator:test", subject: "provider.secretKey" },
  ]);
});

test("a ciphertext copied to another setting or another tenant cannot be read", async () => {
  await acme.settings.set("provider.secretKey", canary);
  await acme.db.query`
    insert into pay.settings (tenant_id, key, ciphertext, key_version)
    select tenant_id, 'smtp.password', ciphertext, key_version from pay.settings where key = 'provider.secretKey'
    returning tenant_id`;
  await expect(fresh(acme).get("smtp.password")).rejects.toBeInstanceOf(CannotDecrypt);

  const [row] = await acme.db.query<{ tenant_id: string; ciphertext: Uint8Array }>`
    select tenant_id, ciphertext from pay.settings where key = 'provider.secretKey'`;
  await globex.db.query`
    insert into pay.settings (tenant_id, key, ciphertext, key_version)
    values (${globex.tenant.id}, 'provider.secretKey', ${row?.ciphertext}, 1) returning tenant_id`;
  await expect(fresh(globex).get("provider.secretKey")).rejects.toBeInstanceOf(CannotDecrypt);
});

test("one reading serves many settings", async () => {
  let readings = 0;
  const counting = {
    ...acme.db,
    query: (...args: Parameters<typeof acme.db.query>) => {
      readings++;
      return acme.db.query(...args);
    },
  } as typeof acme.db;
  const settings = createSettings({
    db: counting,
    keys: acme.keys,
    actor: { kind: "operator", name: "test" },
  });
  await Promise.all([settings.get("connector"), settings.get("seller.name"), settings.get("embed.origins")]);
  expect(readings).toBe(1);
});
