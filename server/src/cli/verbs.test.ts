import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Command } from "commander";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeInstance } from "../operations/config.ts";
import { type Reach, verbs } from "../operations/isolation/verbs.ts";
import { paymentRows, withSecrets } from "../operations/testing/lived-in-tenant.ts";
import { addEmbedKey } from "../sessions/embed-keys.ts";
import { latestSchemaVersion } from "../tenant/schema.ts";
import type { OpenTenant } from "../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { type PostgresCluster, startCluster } from "../testing/postgres-cluster.ts";
import { temporaryFolders } from "../testing/temporary-folder.ts";
import { createProgram } from "./main.ts";
import { verbOf } from "./run.ts";
import { runCommandLine } from "./testing/run-command-line.ts";
import { verbExamples } from "./testing/verb-examples.ts";

/**
 * Every verb × every wrong way. The list is the program's own: a verb that is not in `verbs`
 * (operations/isolation/verbs.ts) or has no example here fails.
 */
const folder = temporaryFolders();
const [dataDir, noPlatform, wrongKey] = [folder(), folder(), folder()];
/** Backups need its programs. */
let cluster: PostgresCluster;
let platform: TestPlatform;
let acme: OpenTenant;
let globex: OpenTenant;
let ids: Record<"acme" | "globex" | "hooli", Record<string, string>>;

beforeAll(async () => {
  cluster = await startCluster({ folder: folder(), settings: { fsync: "off" } });
  platform = await testPlatform({ adminUrl: cluster.url });
  await new Promise<void>((resolve) => edge.listen(0, "127.0.0.1", resolve));
  writeInstance(dataDir, { ...platform.address, allowedNetworks: "127.0.0.0/8" });
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
afterAll(async () => {
  edge.close();
  await platform.close();
  await cluster.stop();
});

/** Things to be named by the verbs that take an id. */
async function liveIn(tenant: OpenTenant): Promise<Record<string, string>> {
  await withSecrets(tenant);
  const payment = await paymentRows(tenant);
  const buried = async (of: string) => {
    const [letter] = await tenant.db.query<{ tenant_id: string; id: string }>`
      update pay.outbox set state = 'dead' where payment_id = ${of}::uuid and kind = 'erp_post' returning tenant_id, id`;
    return letter?.id ?? "";
  };
  const conflicted = await paymentRows(tenant);
  await tenant.db.query`
    with attempt as (update pay.attempts set state = 'conflicted' where payment_id = ${conflicted}::uuid)
    update pay.payments set state = 'conflicted' where id = ${conflicted}::uuid returning tenant_id`;
  const key = `${tenant.tenant.slug}-key`;
  await addEmbedKey({ ctx: tenant, input: { id: key, algorithm: "HS256" } });
  const { slug } = tenant.tenant;
  const host = `old.${slug}.verbs.test`;
  await clarity(["host", "add", slug, host]);
  const backup = await clarity(["backup", "create", slug, "--json"]);
  return {
    "audit show": payment,
    "payment show": payment,
    "payment resolve": payment,
    "payment close-attempt": payment,
    "payment decide": conflicted,
    "dead-letter finish": await buried(await paymentRows(tenant)),
    "dead-letter replay": await buried(payment),
    "embed-key revoke": key,
    "host remove": host,
    "token mint": key,
    "tenant restore-backup": backup.json().id,
  };
}

const clarity = (args: readonly string[], dir = dataDir, input = "") =>
  runCommandLine({ args, dataDir: dir, input });

/** A thing of the tenant's own; of acme's for a tenant that is not there. */
const own = (slug: string, verb: string) => (slug === "hooli" ? ids.hooli : ids.acme)[verb] ?? "";

/** Said to live, by nobody. */
const instance = "http://acme.instances.test";

/** All that a page is made of. */
const edge = createServer((_, answer) => {
  answer.end('<script src="/v/0/pay-form.js" integrity="sha384-x"></script>');
});
const edgeUrl = () => `http://127.0.0.1:${(edge.address() as AddressInfo | null)?.port ?? 9}`;

const examples = verbExamples({ own, folder, instance, edge: edgeUrl });
const commandLine = (verb: string, slug: string) => [...verb.split(" "), ...(examples[verb]?.(slug) ?? [])];

const terminal = { env: {}, stdin: Readable.from([]), print: () => {}, printError: () => {} };
const leaves = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap((sub) => leaves(sub as Command));
const all = leaves(createProgram(terminal)).map((command) => ({ verb: verbOf(command), command }));

/** Takes a slug, and makes a tenant of it. */
const making = ["tenant create", "tenant import"];
const isSlug = (name: string | undefined) => name === "tenant" || name === "slug";
const naming = Object.keys(examples).filter((verb) => {
  const command = all.find((one) => one.verb === verb)?.command;
  const named = isSlug(command?.registeredArguments[0]?.name());
  return !making.includes(verb) && (named || command?.options.some(({ flags }) => flags.includes("<slug>")));
});

test("every verb of the command line is in the matrix (operations/isolation/verbs.ts), and has an example here", () => {
  const known = all.map(({ verb }) => verb).sort();
  expect(Object.keys(verbs).sort(), "a line each in operations/isolation/verbs.ts").toEqual(known);
  expect(Object.keys(examples).sort(), "a line each in cli/testing/verb-examples.ts").toEqual(known);
});

test("every verb that takes an id of something of a tenant's says so in the matrix", () => {
  /** What else is taken beside the tenant, and why another tenant's is none. */
  const noIds: Record<string, string> = {
    "backup verify <id>": "names no tenant: an operator's check of any backup, which shows nothing of it",
    "database-server add <name>": "the platform's",
    "database-server prepare <name>": "the platform's",
    "database-server remove <name>": "the platform's",
    "embed check <url>": "a page of anybody's: what is told of a tenant is what its own page needs",
    "embed page --customer <id>": "the ERP's, for the tokens of the tenant's own key",
    "embed-key add --id <id>": "what the new key shall be called",
    "flag set <key>": "a flag of tenant/flags/definitions.ts",
    "flag set <value>": "a value",
    "flag unset <key>": "a flag of tenant/flags/definitions.ts",
    "host add <host>":
      "a name to answer at; another tenant's is refused: operations/provisioning/hosts.test.ts",
    "invoice import <file>": "a file; whose customers are meant, says each row",
    "setting get <key>": "a setting of tenant/settings.ts",
    "setting set <key>": "a setting of tenant/settings.ts",
    "setting set <value>": "a value",
    "setting unset <key>": "a setting of tenant/settings.ts",
    "signing-key distrust <key>": "the platform's",
    "signing-key trust <platform>": "what another platform shall be called",
    "tenant import <path>": "a folder or file",
    "tenant ring <ring>": "one of three",
    "token mint --customer <id>": "the ERP's, written into the token for the tenant's own host",
    "token mint --invoices <ids>": "the ERP's, written into the token for the tenant's own host",
  };
  const taken = all.flatMap(({ verb, command }) =>
    [
      ...command.registeredArguments.filter((a, n) => n > 0 || !isSlug(a.name())).map((a) => `<${a.name()}>`),
      ...command.options.flatMap(({ flags }) => (/<ids?>/.test(flags) ? [flags] : [])),
    ].map((what) => ({ verb, what: `${verb} ${what}` })),
  );
  const ids = taken.filter(({ what }) => noIds[what] === undefined);
  const listed = Object.keys(verbs).filter((verb) => verbs[verb]?.takesId);
  expect(
    [...new Set(ids.map(({ verb }) => verb))].sort(),
    "takesId in operations/isolation/verbs.ts",
  ).toEqual(listed.sort());
  expect(Object.keys(noIds).filter((name) => !taken.some(({ what }) => what === name))).toEqual([]);
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

// Those of an entry change its status or show it: cli/tenant-lifecycle.test.ts. A drill needs a server that is
// archived: operations/backup/restore/restore-to-instant.test.ts.
const doable = naming.filter((verb) => verb !== "backup drill");
const looking = doable.filter((verb) => verbs[verb]?.reach !== "one entry");
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
/** Where the id stands when it does not stand alone. */
const idIn: Record<string, (id: string) => string[]> = {
  "audit show": (id) => ["--subject", id],
  "token mint": (id) => ["--customer", "42", "--key", id],
  "payment resolve": (id) => [id, "--reason", "a test"],
  "payment close-attempt": (id) => [id, "--reason", "a test"],
  "payment decide": (id) => [id, "--as", "unpaid", "--reason", "a test"],
};
test.each(withIds)("%s with another tenant's id is as with nobody's, and touches nothing", async (verb) => {
  const foreign = ids.globex[verb] ?? "";
  const before = await fingerprint(globex);
  const ask = async (id: string) => {
    const { code, stdout, stderr } = await clarity([
      ...verb.split(" "),
      "acme",
      ...(idIn[verb]?.(id) ?? [id]),
    ]);
    return { code, stdout, stderr: stderr.replaceAll(id, "…") };
  };
  const nobodys = await ask(randomUUID());
  expect(foreign).not.toBe("");
  // A subject is searched for: there are no rows about it.
  expect(nobodys).toMatchObject(verb === "audit show" ? { stdout: "none" } : { code: 1, stdout: "" });
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

test("every verb that names a tenant does its work while every other tenant's database is shut, and tells nothing of them", async () => {
  const { admin } = platform.operator;
  const name = globex.record.database.name;
  await admin.unsafe(`alter database "${name}" with allow_connections false`);
  await admin`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${name}`;
  try {
    for (const verb of doable) {
      const { code, stdout, stderr } = await clarity(commandLine(verb, "acme"));
      expect({ verb, code, stderr }).toEqual({ verb, code: 0, stderr: "" });
      // The report says that acme's role knocked at globex's door.
      expect(stdout, verb).not.toContain(globex.tenant.id);
      for (const id of Object.values(ids.globex)) expect(stdout, verb).not.toContain(id);
    }
  } finally {
    await admin.unsafe(`alter database "${name}" with allow_connections true`);
  }
}, 90_000);

const audited = async () =>
  (await platform.operator.registry.sql`select operator, action, detail from operator_audit order by id`).map(
    ({ operator, action, detail }) => `${operator} ${action} ${detail.reason ?? detail.verb ?? ""}`.trim(),
  );
const me = `operator:${userInfo().username}`;
const reaching = (reach: Reach) => Object.keys(verbs).filter((verb) => verbs[verb]?.reach === reach);

test("every verb that reaches all tenants at once needs a reason, and is audited before anything is read", async () => {
  const all: Record<string, string[]> = {
    "audit anchor": ["--all"],
    "audit verify": ["--all"],
    "isolation report": [],
    "key rotate": ["--all"],
  };
  expect(Object.keys(all).sort()).toEqual(reaching("every tenant").sort());
  for (const [verb, more] of Object.entries(all)) {
    const line = [...verb.split(" "), ...more];
    const before = await audited();
    for (const reason of [[], ["--reason", " "]]) {
      const { code, stdout, stderr } = await clarity([...line, ...reason]);
      expect({ verb, code, stdout }).toEqual({ verb, code: 1, stdout: "" });
      expect(stderr).toContain("--reason");
    }
    expect(await audited()).toEqual(before);
    const answer = await clarity([...line, "--reason", `for ${verb}`]);
    expect({ verb, code: answer.code, stderr: answer.stderr }).toEqual({ verb, code: 0, stderr: "" });
    expect((await audited())[before.length]).toBe(`${me} tenants.elevated for ${verb}`);
    const entered = await Promise.all([acme, globex].map((tenant) => entries(tenant, `for ${verb}`)));
    expect({ verb, entered }).toEqual({ verb, entered: [1, 1] });
  }
}, 90_000);

async function entries({ tenant }: OpenTenant, reason: string): Promise<number> {
  const { db } = await platform.operator.tenants.open(tenant.id);
  const rows = await db.query`
    select tenant_id from pay.audit_log where action = 'tenant.entered' and detail ->> 'reason' = ${reason}`;
  return rows.length;
}

test("every verb that maintains the platform is audited with the operator's name before it begins", async () => {
  const wide: Record<string, string[]> = {
    "backup check": [],
    "backup create": ["--all"],
    "backup drill": ["acme"],
    "backup prune": [],
    "backup verify": [randomUUID()],
    doctor: [],
    "master-key retire": [],
    "master-key rotate": [],
    "master-key status": [],
    "migrate drift": [],
    "migrate run": [],
    "tenant purge": [],
  };
  expect(Object.keys(wide).sort()).toEqual(reaching("platform").sort());
  for (const [verb, more] of Object.entries(wide)) {
    const before = await audited();
    await clarity([...verb.split(" "), ...more]);
    expect((await audited())[before.length]).toBe(`${me} platform.maintain ${verb}`);
  }
}, 90_000);

test("the report finds the doors shut, and says which one is not", async () => {
  const shut = await clarity(["isolation", "report", "--reason", "a test"]);
  expect(shut.code).toBe(0);
  expect(shut.stdout).toContain("| a session of another tenant finds no row | yes | 0 rows of ");
  expect(shut.stdout).toContain("| the tenant's own audit log tells of this look, and why | yes |");
  expect(shut.stdout).toContain("| POST /v1/payments | session |");
  expect(shut.stdout).toContain("| key rotate | every tenant | needs a reason, audited there and in each |");
  expect(shut.stdout).toContain("| doctor | platform | shows nobody's rows, audited | takes none |");

  const { admin } = platform.operator;
  await admin.unsafe(
    `grant connect on database "${globex.record.database.name}" to "${acme.record.database.role}"`,
  );
  const open = await clarity(["isolation", "report", "acme", "--reason", "a test"]);
  expect(open.code).toBe(1);
  expect(open.stdout).toContain(`| NO | not refused at ${globex.record.database.name} |`);
});
