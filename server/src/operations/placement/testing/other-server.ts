import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeEmbeddedPostgres, startEmbeddedPostgres } from "../../../database/embedded-postgres.ts";

export interface OtherServer {
  /** Its superuser's. */
  readonly url: string;
  close(): Promise<void>;
}

/** A second PostgreSQL, beside the run's own. */
export async function startOtherServer(settings: Record<string, string> = {}): Promise<OtherServer> {
  const dataDir = mkdtempSync(join(tmpdir(), "pay-test-other-server-"));
  // The server may run as another user.
  chmodSync(dataDir, 0o755);
  const { url, stop } = await startEmbeddedPostgres({
    dataDir,
    port: 0,
    settings: {
      fsync: "off",
      full_page_writes: "off",
      shared_buffers: "32MB",
      max_connections: "100",
      ...settings,
    },
  });
  return {
    url,
    async close() {
      await stop();
      await removeEmbeddedPostgres(dataDir);
    },
  };
}
