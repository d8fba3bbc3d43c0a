import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { type ArchivedCluster, startArchivedCluster } from "../../testing/postgres-cluster.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { archiveFinding } from "./archive-finding.ts";
import { drill } from "./drill.ts";
import { readRepository } from "./programs/pgbackrest.ts";
import { InstantUnreachable } from "./restore/errors.ts";
import { restoreToInstant } from "./restore/restore-to-instant.ts";
import { backupSettings } from "./settings.ts";

const folder = temporaryFolders();
let cluster: ArchivedCluster;
let platform: TestPlatform;
beforeAll(async () => {
  cluster = await startArchivedCluster({ folder: folder(), settings: { archive_timeout: "300" } });
  platform = await testPlatform({ adminUrl: cluster.url });
  await platform.createTenant("acme");
});
afterAll(async () => {
  await platform.close();
  await cluster.stop();
});

const settingsOf = (environment: Record<string, string> = {}) =>
  backupSettings({
    CLARITY_PGBACKREST_CONFIG: cluster.config,
    CLARITY_SCRATCH_DIR: cluster.folder,
    ...environment,
  });
const examine = (environment?: Record<string, string>) =>
  archiveFinding({ ctx: platform.operator, settings: settingsOf(environment), server: null });

test("WAL without a copy of the files to replay it on is found, and drill and restore say so at once", async () => {
  expect(await examine()).toMatchObject({
    ok: false,
    what: expect.stringContaining("stanza main holds no copy of its files (no valid backups)"),
    advice: expect.stringContaining("pgbackrest --stanza=main backup"),
  });
  const elsewhere = { CLARITY_PGBACKREST_STANZA: "other" };
  expect(await examine(elsewhere)).toMatchObject({
    ok: false,
    what: expect.stringContaining("stanza other holds no copy of its files (missing stanza path)"),
  });
  const call = { ctx: platform.operator, settings: settingsOf() };
  const asked = [
    drill({ ...call, input: { slug: "acme" } }),
    restoreToInstant({ ...call, input: { slug: "acme", to: new Date() } }),
  ];
  for (const answer of await Promise.allSettled(asked)) {
    expect(answer).toMatchObject({ status: "rejected", reason: expect.any(InstantUnreachable) });
    expect(String((answer as PromiseRejectedResult).reason)).toContain("stanza main holds no copy");
  }
  const open = await platform.operator.registry.sql`select from restores`;
  expect(open).toHaveLength(0);
});

test("with a copy it is said since when there is a way back; without pgBackRest here, that nobody knows", async () => {
  await cluster.copyFiles();
  const [row] = await platform.operator.admin<{ id: string }[]>`
    select system_identifier::text as id from pg_control_system()`;
  const repository = { settings: settingsOf(), stanza: "main" };
  const { copies } = await readRepository({ ...repository, systemId: String(row?.id) });
  expect(copies).toHaveLength(1);
  const found = await examine();
  expect(found).toMatchObject({ ok: true, advice: null });
  expect(found.what).toContain(`recovered to any instant since ${copies[0]?.toISOString()}`);
  // Its stanza may hold another server's files, which are none of its own.
  expect(await readRepository({ ...repository, systemId: "6912345678901234567" })).toEqual({
    copies: [],
    status: "it is another server's",
  });
  const unknown = await examine({ CLARITY_PGBACKREST_CONFIG: `/nowhere/${randomUUID()}` });
  expect(unknown).toMatchObject({ ok: true, advice: expect.stringContaining("clarity backup check") });
  expect(unknown.what).toContain("CLARITY_PGBACKREST_CONFIG: /nowhere/");
});
