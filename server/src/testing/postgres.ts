import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { inject } from "vitest";

export interface TestDatabase {
  /** Superuser on a fresh, empty database of its own. */
  readonly url: string;
  /** Drops the database, whoever is still connected. */
  close(): Promise<void>;
}

/** Superuser URL of the run's PostgreSQL, database `postgres`; the first call starts the server. */
export async function testServerUrl(): Promise<string> {
  const response = await fetch(inject("postgresBroker"));
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

/** An empty database for one test file. */
export async function testDatabase(): Promise<TestDatabase> {
  const serverUrl = await testServerUrl();
  const name = `test_${randomBytes(6).toString("hex")}`;
  const server = postgres(serverUrl, { max: 1, fetch_types: false, onnotice: () => {} });
  await server`create database ${server(name)}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async close() {
      await server`drop database if exists ${server(name)} with (force)`;
      await server.end();
    },
  };
}
