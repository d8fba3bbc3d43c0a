/** A process that owns an embedded PostgreSQL, for tests that kill it. Argument: the data folder. */
import { startEmbeddedPostgres } from "../embedded-postgres.ts";

const { url } = await startEmbeddedPostgres({
  dataDir: process.argv[2] ?? "",
  port: 0,
  settings: { fsync: "off", shared_buffers: "16MB" },
});
console.log(url);
// Holds on until it is killed.
setInterval(() => {}, 60_000);
