/** Helpers for tests of every workspace that needs PostgreSQL. Runs inside vitest only. */
export { type TestPlatform, testPlatform } from "./platform.ts";
export { type TestDatabase, testDatabase, testServerUrl } from "./postgres.ts";
