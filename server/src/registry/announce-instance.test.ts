import { pino } from "pino";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { announceInstance } from "./announce-instance.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());

const instance = { audience: "shared", version: "1.2.3", schemaVersion: 7, minimumSchemaVersion: 6 };
const rows = () => platform.operator.registry.sql`
  select audience, version, schema_version, minimum_schema_version, seen_at from instances order by seen_at`;

test("a server is in the registry while it lives, said anew again and again, and leaves when it stops", async () => {
  const { registry } = platform.operator;
  await registry.sql`
    insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
    values (gen_random_uuid(), 'shared', '0.9.0', 1, 1, now(), now() - interval '2 days')`;
  const stop = announceInstance({ registry, instance, log: pino({ level: "silent" }), everyMs: 20 });
  await expect
    .poll(async () => (await rows()).map((row) => ({ ...row, seen_at: null })))
    .toEqual([
      { audience: "shared", version: "1.2.3", schema_version: 7, minimum_schema_version: 6, seen_at: null },
    ]);
  const [first] = await rows();
  await expect.poll(async () => (await rows())[0]?.seen_at > first?.seen_at).toBe(true);
  await stop();
  expect(await rows()).toEqual([]);
});

test("a server is said to live though the dead cannot be forgotten", async () => {
  const { sql } = platform.operator.registry;
  await platform.rewriteRegistry(`create function refuse() returns trigger language plpgsql as $$ begin raise 'kept'; end $$;
    create trigger keep before delete on instances for each row execute function refuse()`);
  await sql`
    insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
    values (gen_random_uuid(), 'shared', '0.9.0', 1, 1, now(), now() - interval '2 days')`;
  const stop = announceInstance({ registry: { sql }, instance, log: pino({ level: "silent" }), everyMs: 20 });
  await expect.poll(async () => (await rows()).map(({ version }) => version)).toContain("1.2.3");
  await platform.rewriteRegistry("drop trigger keep on instances");
  await expect.poll(async () => (await rows()).map(({ version }) => version)).toEqual(["1.2.3"]);
  await stop();
});

test("a registry that is down stops no server, and hears of it when it is back", async () => {
  const { sql } = platform.operator.registry;
  await platform.rewriteRegistry("alter table instances rename to instances_elsewhere");
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const stop = announceInstance({ registry: { sql }, instance, log, everyMs: 20 });
  await expect.poll(() => lines.join()).toContain("could not be told");
  await platform.rewriteRegistry("alter table instances_elsewhere rename to instances");
  await expect.poll(async () => (await rows()).length).toBe(1);
  await stop();
});
