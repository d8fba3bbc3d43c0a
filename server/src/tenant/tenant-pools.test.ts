import { afterAll, beforeAll, expect, test } from "vitest";
import { createTenant } from "../operations/provisioning/create-tenant.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import { TenantPools } from "./tenant-pools.ts";
import { connectionUrl, poolDefaults } from "./tenants.ts";

let platform: TestPlatform;
let record: TenantRecord;

beforeAll(async () => {
  platform = await testPlatform();
  const input = { slug: "acme", name: "Acme", template: "basic-invoice", adminEmail: "a@acme.test" } as const;
  const { tenant } = await createTenant({ ctx: platform.operator, input });
  const found = await platform.operator.registry.findById(tenant.id);
  if (!found) throw new Error("no tenant");
  record = found;
});
afterAll(() => platform.close());

/** @param identified settles when the `nth` connection, from 0, has said whose it is */
function poolsWith(identified: (nth: number) => Promise<void>): TenantPools {
  let opened = 0;
  return new TenantPools({
    options: poolDefaults,
    route: async () => ({
      url: await connectionUrl({ registry: platform.operator.registry, record }),
      pooled: false,
    }),
    identify: () => identified(opened++),
  });
}

/** A connection in use until `finish`, as soon as it is. */
async function occupy(pools: TenantPools): Promise<{ finish(): Promise<void> }> {
  const [entered, finished] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const done = pools.use(record, () => {
    entered.resolve();
    return finished.promise;
  });
  await entered.promise;
  return {
    finish() {
      finished.resolve();
      return done;
    },
  };
}

test("who waits for a new connection takes one that comes free before, and leaves the new one to the next", async () => {
  const made = Promise.withResolvers<void>();
  const pools = poolsWith((nth) => (nth === 0 ? Promise.resolve() : made.promise));
  const first = await occupy(pools);
  const waiting = occupy(pools);
  const alsoWaiting = occupy(pools);
  await first.finish();
  const second = await waiting;
  made.resolve();
  const third = await alsoWaiting;
  await Promise.all([second.finish(), third.finish()]);
  await pools.closeAll();
});

test("who found a free connection is not told that the new one failed", async () => {
  const made = Promise.withResolvers<void>();
  const pools = poolsWith((nth) => (nth === 0 ? Promise.resolve() : made.promise));
  const first = await occupy(pools);
  const waiting = occupy(pools);
  await first.finish();
  const second = await waiting;
  made.reject(new Error("refused"));
  await second.finish();
  await (await occupy(pools)).finish();
  await pools.closeAll();
});

test("who waits for a new connection that fails is told why", async () => {
  const made = Promise.withResolvers<void>();
  const pools = poolsWith((nth) => (nth === 0 ? Promise.resolve() : made.promise));
  const first = await occupy(pools);
  const waiting = pools.use(record, async () => {});
  made.reject(new Error("refused"));
  await expect(waiting).rejects.toThrow("refused");
  await first.finish();
  await pools.closeAll();
});
