import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "../../../testing/index.ts";
import { type ArchivedCluster, startArchivedCluster } from "../../../testing/postgres-cluster.ts";
import { temporaryFolders } from "../../../testing/temporary-folder.ts";
import type { OpenTenant } from "../../tenants.ts";
import { paymentRows, withSecrets } from "../../testing/lived-in-tenant.ts";
import { type BackupSettings, backupSettings } from "../settings.ts";
import { restoreToInstant } from "./restore-to-instant.ts";

const folder = temporaryFolders();
let cluster: ArchivedCluster;
let platform: TestPlatform;
let settings: BackupSettings;
let acme: OpenTenant;
let globex: OpenTenant;

beforeAll(async () => {
  cluster = await startArchivedCluster({ folder: folder() });
  platform = await testPlatform({ adminUrl: cluster.url });
  acme = await platform.createTenant("acme");
  await cluster.copyFiles();
  // Made after the last copy of the files.
  globex = await platform.createTenant("globex");
  settings = backupSettings({
    CLARITY_PGBACKREST_CONFIG: cluster.config,
    CLARITY_SCRATCH_DIR: cluster.folder,
  });
});
afterAll(async () => {
  await platform.close();
  await cluster.stop();
});

const now = async () => {
  const [row] = await platform.operator.admin<{ now: Date }[]>`select clock_timestamp() as now`;
  return row?.now ?? new Date();
};

test("one tenant is brought back to an instant, in a new database, and its lost payments are named", async () => {
  await withSecrets(acme);
  const kept = await paymentRows(acme);
  const to = await now();
  const lost = await paymentRows(acme);
  const restored = await restoreToInstant({ ctx: platform.operator, settings, input: { slug: "acme", to } });
  console.log(JSON.stringify(restored, null, 1));
  const open = await platform.operator.tenants.open(acme.tenant.id);
  const rows = await open.db.query<{ tenant_id: string; id: string }>`select tenant_id, id from pay.payments`;
  expect(rows.map(({ id }) => id)).toEqual([kept]);
  expect(restored.switched?.report.payments.map(({ id }) => id)).toEqual([lost]);
  void globex;
});
