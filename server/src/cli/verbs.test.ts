import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Command } from "commander";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeInstance } from "../config.ts";
import { verbs } from "../isolation/verbs.ts";
import { addEmbedKey } from "../tenants/embed-keys.ts";
import { latestSchemaVersion } from "../tenants/schema.ts";
import type { OpenTenant } from "../tenants/tenants.ts";
import { paymentRows, withSecrets } from "../tenants/testing/lived-in-tenant.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { createProgram } from "./main.ts";
import { runCommandLine } from "./testing/run-command-line.ts";

/**
 * Every verb × every wrong way. The list is the program's own: a verb that is not in `verbs`
 * (isolation/verbs.ts) or has no example here fails.
 */
const folder = temporaryFolders();
const [dataDir, noPlatform, wrongKey] = [folder(), folder(), folder()];
let platform: TestPlatform;
let acme: OpenTenant;
let globex: OpenTenant;
let ids: Record<"acme" | "globex" | "hooli", Record<string, string>>;

beforeAll(async () => {
  platform = await testPlatform();
  writeInstance(dataDir, platform.address);
  writeInstance(wrongKey, { ...platform.address, masterKeyFile: join(wrongKey, "master.key") });
  [acme, globex] = [await platform.createTenant("acme"), await platform.createTenant("globex")];
  const hooli = await platform.createTenant("hooli");
  ids = { acme: await liveIn(acme), globex: await liveIn(globex), hooli: await liveIn(hooli) };
  await platform.operator.registry.sql`
    with instance as (
      insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
      values (gen_random_uuid(), ${instance}, '0', ${latestSchemaVersion()}, 1, now(), now() + interval '1 hour')
    )
    insert into moves (id, tenant_id, slug, requested_by, from_tier, to_tier)
    values (gen_random_uuid(), ${acme.tenant.id}, 'acme', 'test', 'standard', 'dedicated')`;
  expect((await clarity(["tenant", "suspend", "hooli"])).code).toBe(0);
});
afterAll(() => platform.close());

/** Things to be named by the verbs that take an id. */
async function liveIn(tenant: OpenTenant): Promise<Record<string, string>> {
  await withSecrets(tenant);
  const payment = await paymentRows(tenant);
  const [letter] = await tenant.db.query<{ tenant_id: string; id: string }>`
    update pay.outbox set state = 'dead' where payment_id = ${payment}::uuid returning tenant_id, id`;
  const key = `${tenant.tenant.slug}-key`;
  await addEmbedKey({ ctx: tenant, input: { id: key, algorithm: "HS256" } });
  return { "payment show": payment, "dead-letter replay": letter?.id ?? "", "embed-key revoke": key };
}

const clarity = (args: readonly string[], dir = dataDir, input = "") =>
  runCommandLine({ args, dataDir: dir, input });

/** A thing of the tenant's own; of acme's for a tenant that is not there. */
const own = (slug: string, verb: string) => (slug === "hooli" ? ids.hooli : ids.acme)[verb] ?? "";

/** Said to live, by nobody. */
const instance = "http://acme.instances.test";

/** What stands after the verb, with the tenant's slug. */
const examples: Record<string, (slug: string) => string[]> = {
  "audit anchor": (slug) => [slug],
  "audit show": (slug) => [slug],
  "audit verify": (slug) => [slug],
  "backup check": () => [],
  "backup create": (slug) => [slug],
  "backup drill": (slug) => [slug],
  "backup list": () => [],
  "backup prune": () => [],
  "backup verify": () => [randomUUID()],
  "database-server add": () => ["second"],
  "database-server list": () => [],
  "database-server prepare": () => ["second"],
  "database-server remove": () => ["second"],
  "dead-letter list": (slug) => [slug],
  "dead-letter replay": (slug) => [slug, own(slug, "dead-letter replay")],
  doctor: () => [],
  "embed-key add": (slug) => [slug, "--id", "erp-2"],
  "embed-key list": (slug) => [slug],
  "embed-key revoke": (slug) => [slug, own(slug, "embed-key revoke")],
  "flag list": (slug) => [slug],
  "flag set": (slug) => [slug, "partial-payments", "false"],
  "flag unset": (slug) => [slug, "partial-payments"],
  "instance list": () => [],
  "isolation report": (slug) => [slug, "--reason", "a test"],
  "key rotate": (slug) => [slug],
  "master-key retire": () => [],
  "master-key rotate": () => [],
  "master-key status": () => [],
  "migrate drift": (slug) => [slug],
  "migrate rollback": (slug) => [slug, "--to", String(latestSchemaVersion() - 1)],
  // Undoes the one before.
  "migrate retry": (slug) => [slug],
  "migrate run": () => [],
  "migrate status": () => [],
  "payment list": (slug) => [slug],
  "payment show": (slug) => [slug, own(slug, "payment show")],
  "setting get": (slug) => [slug, "seller.name"],
  "setting list": (slug) => [slug],
  "setting set": (slug) => [slug, "seller.locale", "fr"],
  "setting unset": (slug) => [slug, "seller.locale"],
  "tenant create": () => [
    "initech",
    "--name",
    "I",
    "--template",
    "basic-invoice",
    "--admin",
    "i@initech.test",
  ],
  "tenant export": (slug) => [slug, "--out", join(folder(), "export")],
  "tenant import": () => [join(noPlatform, "nothing"), "--slug", "umbrella"],
  "tenant list": () => [],
  "tenant purge": () => [],
  "tenant ring": (slug) => [slug, "early"],
  "tenant show": (slug) => [slug],
  // In an order in which each can be done; its rows stay where they are.
  "tenant move-abort": (slug) => [slug],
  "tenant move": (slug) => [slug, "--instance", instance],
  "tenant promote": (slug) => [slug, "--database-server", "main", "--instance", instance],
  "tenant pin": (slug) => [slug, "--version", "0", "--reason", "a test", "--until", "2999-01-01"],
  "tenant unpin": (slug) => [slug],
  "tenant demote": (slug) => [slug],
  "tenant move-confirm": (slug) => [slug],
  "tenant suspend": (slug) => [slug],
  "tenant resume": (slug) => [slug],
  "tenant delete": (slug) => [slug, "--force-reason", "a test"],
  "tenant restore": (slug) => [slug],
  "tenant restore-abort": (slug) => [slug],
  "tenant restore-backup": (slug) => [slug, randomUUID()],
  "tenant restore-confirm": (slug) => [slug],
  "token mint": (slug) => [slug, "--customer", "42"],
};
const commandLine = (verb: string, slug: string) => [...verb.split(" "), ...(examples[verb]?.(slug) ?? [])];

const ofOne = Object.keys(examples).filter(
  (verb) => verbs[verb]?.reach !== "platform" && verbs[verb]?.reach !== "registry",
);
const naming = ofOne.filter((verb) => verb !== "tenant create" && verb !== "tenant import");

test("every verb of the command line is in the matrix (isolation/verbs.ts), and has an example here", () => {
  const terminal = { env: {}, stdin: Readable.from([]), print: () => {}, printError: () => {} };
  const leaves = (command: Command, path: string): string[] =>
    command.commands.length === 0
      ? [path]
      : command.commands.flatMap((sub) => leaves(sub as Command, `${path} ${sub.name()}`.trim()));
  const all = leaves(createProgram(terminal), "").sort();
  expect(Object.keys(verbs).sort(), "a line each in isolation/verbs.ts").toEqual(all);
  expect(Object.keys(examples).sort(), "a line each in `examples` here").toEqual(all);
});

test.each(Object.keys(examples))("%s without a platform says so, and answers nothing", async (verb) => {
  const { code, stdout, stderr } = await clarity(commandLine(verb, "acme"), noPlatform);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("npm start");
});

test.each(naming)("%s of a tenant that is not there says so, and answers nothing", async (verb) => {
  const { code, stdout, stderr } = await clarity(commandLine(verb, "nobody"));
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/no (?:active or suspended )?tenant nobody/);
});

// Those of an entry change its status or show it: cli/tenant-lifecycle.test.ts.
const looking = naming.filter((verb) => verbs[verb]?.reach !== "one entry");
test.each(looking)("%s of a suspended tenant is refused or not, as the matrix says", async (verb) => {
  const { code, stdout, stderr } = await clarity(commandLine(verb, "hooli"));
  if (verbs[verb]?.activeOnly) {
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: "",
      stderr: "failed: tenant hooli is suspended",
    });
  } else {
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  }
});

const throughTheRole = naming.filter((verb) => verbs[verb]?.reach === "one tenant");
test.each(throughTheRole)("%s with another platform's master key opens nothing", async (verb) => {
  const { code, stdout } = await clarity(commandLine(verb, "acme"), wrongKey);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
});

const withIds = Object.keys(verbs).filter((verb) => verbs[verb]?.takesId);
test.each(withIds)("%s with another tenant's id is as with nobody's, and touches nothing", async (verb) => {
  const foreign = ids.globex[verb] ?? "";
  const before = await fingerprint(globex);
  const ask = async (id: string) => {
    const { code, stdout, stderr } = await clarity([...verb.split(" "), "acme", id]);
    return { code, stdout, stderr: stderr.replaceAll(id, "…") };
  };
  const nobodys = await ask(randomUUID());
  expect(nobodys).toMatchObject({ code: 1, stdout: "" });
  expect(await ask(foreign)).toEqual(nobodys);
  expect(await fingerprint(globex)).toEqual(before);
});

/** Everything a tenant's own database holds, as one number. */
async function fingerprint({ db, tenant }: OpenTenant): Promise<unknown> {
  const [row] = await db.query`
    select ${tenant.id}::uuid as tenant_id,
      (select jsonb_agg(k order by id) from pay.embed_keys k)::text as keys,
      (select jsonb_agg(o order by id) from pay.outbox o)::text as outbox,
      (select max(id) from pay.audit_log) as audited`;
  return row;
}

test("every verb of one tenant does its work while every other tenant's database is shut, and tells nothing of them", async () => {
  const { admin } = platform.operator;
  const name = globex.record.database.name;
  await admin.unsafe(`alter database "${name}" with allow_connections false`);
  await admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${name}`;
  try {
    for (const verb of naming) {
      const { code, stdout, stderr } = await clarity(commandLine(verb, "acme"));
      expect({ verb, code, stderr }).toEqual({ verb, code: 0, stderr: "" });
      // The report says that acme's role knocked at globex's door.
      expect(stdout, verb).not.toContain(globex.tenant.id);
      for (const id of Object.values(ids.globex)) expect(stdout, verb).not.toContain(id);
    }
  } finally {
    await admin.unsafe(`alter database "${name}" with allow_connections true`);
  }
});

const audited = async () =>
  (await platform.operator.registry.sql`select action, detail from operator_audit order by id`).map(
    ({ action, detail }) => `${action} ${detail.reason ?? ""}`.trim(),
  );

test("every verb that reaches all tenants at once needs a reason, and is audited before anything is read", async () => {
  const all: Record<string, string[]> = {
    "audit anchor": ["--all"],
    "audit verify": ["--all"],
    "isolation report": [],
  };
  const reaching = Object.keys(verbs).filter((verb) => verbs[verb]?.reach === "every tenant");
  expect(Object.keys(all).sort()).toEqual(reaching.sort());
  for (const verb of reaching) {
    const line = [...verb.split(" "), ...(all[verb] ?? [])];
    const before = await audited();
    for (const reason of [[], ["--reason", " "]]) {
      const { code, stdout, stderr } = await clarity([...line, ...reason]);
      expect({ verb, code, stdout }).toEqual({ verb, code: 1, stdout: "" });
      expect(stderr).toContain("--reason");
    }
    expect(await audited()).toEqual(before);
    const answer = await clarity([...line, "--reason", `for ${verb}`]);
    expect({ verb, code: answer.code, stderr: answer.stderr }).toEqual({ verb, code: 0, stderr: "" });
    expect(await audited()).toEqual([...before, `tenants.elevated for ${verb}`]);
  }
});

test("the report finds the doors shut, and says which one is not", async () => {
  const shut = await clarity(["isolation", "report", "--reason", "a test"]);
  expect(shut.code).toBe(0);
  expect(shut.stdout).toContain("| a session of another tenant finds no row | yes | 0 rows of ");
  expect(shut.stdout).toContain("| the tenant's own audit log tells of this look, and why | yes |");
  expect(shut.stdout).toContain("| POST /v1/payments | session |");

  const { admin } = platform.operator;
  await admin.unsafe(
    `grant connect on database "${globex.record.database.name}" to "${acme.record.database.role}"`,
  );
  const open = await clarity(["isolation", "report", "acme", "--reason", "a test"]);
  expect(open.code).toBe(1);
  expect(open.stdout).toContain(`| NO | not refused at ${globex.record.database.name} |`);
});
