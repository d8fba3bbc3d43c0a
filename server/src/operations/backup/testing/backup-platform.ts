import { afterAll, beforeAll } from "vitest";
import { type TestPlatform, testPlatform } from "../../../testing/index.ts";
import { type PostgresCluster, startCluster } from "../../../testing/postgres-cluster.ts";
import { temporaryFolders } from "../../../testing/temporary-folder.ts";
import { type BackupSettings, backupSettings } from "../settings.ts";

/** Call it once at the top of a test file: a platform on a PostgreSQL with its client programs, and room for backups. */
export function backupPlatform() {
  const folder = temporaryFolders();
  let cluster: PostgresCluster;
  let platform: TestPlatform;
  let settings: BackupSettings;
  beforeAll(async () => {
    cluster = await startCluster({ folder: folder() });
    platform = await testPlatform({ adminUrl: cluster.url });
    settings = backupSettings({ CLARITY_BACKUP_DIR: folder(), CLARITY_SCRATCH_DIR: cluster.folder });
  });
  afterAll(async () => {
    await platform.close();
    await cluster.stop();
  });
  return {
    get platform() {
      return platform;
    },
    get settings() {
      return settings;
    },
  };
}
