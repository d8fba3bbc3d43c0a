/** Helpers for tests of every workspace that needs PostgreSQL. Runs inside vitest only. */
export { type TestDatabase, testDatabase, testServerUrl } from "./postgres.ts";
