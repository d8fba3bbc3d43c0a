import { pino } from "pino";
import { expect, test } from "vitest";
import { createFakeErp } from "../connectors/fake.ts";
import { FakeProvider } from "../providers/fake.ts";
import type { OpenTenant } from "../tenant/tenants.ts";
import { createContextFactory } from "./context-factory.ts";

/** Two tenants whose settings are a record; nothing else of them is looked at. */
function world() {
  const made: string[] = [];
  const make = createContextFactory({
    log: pino({ level: "silent" }),
    adapters: {
      provider: (_, { secretKey }) => {
        made.push(`provider ${secretKey}`);
        return new FakeProvider();
      },
      connector: (config, secret) => {
        made.push(`${config.id} ${secret}`);
        return createFakeErp().connector;
      },
    },
  });
  const tenant = (slug: string) => {
    const values: Record<string, unknown> = {
      provider: { id: "sandbox" },
      "provider.secretKey": `sk-${slug}`,
      "provider.webhookSecret": "w",
      connector: { id: "netsuite" },
      "connector.secret": `pem-${slug}`,
    };
    const settings = { get: async (key: string) => values[key] };
    const record = { updatedAt: new Date(0) };
    const open = { tenant: { id: slug, slug, name: slug }, record, settings } as unknown as OpenTenant;
    return {
      values,
      record,
      context: () => make(open, { actor: { kind: "operator", name: "test" }, requestId: "1" }),
    };
  };
  return { made, tenant };
}

test("an adapter lives as long as its settings: tokens in it are kept", async () => {
  const { made, tenant } = world();
  const acme = tenant("acme");
  const first = await acme.context().connector();
  expect(await acme.context().connector()).toBe(first);
  expect(await acme.context().provider()).toBe(await acme.context().provider());
  acme.values["connector.secret"] = "rotated";
  expect(await acme.context().connector()).not.toBe(first);
  expect(made).toEqual(["netsuite pem-acme", "provider sk-acme", "netsuite rotated"]);
});

test("a tenant's connector ends with its record: in another database it takes its turns there", async () => {
  const acme = world().tenant("acme");
  const first = await acme.context().connector();
  const provider = await acme.context().provider();
  acme.record.updatedAt = new Date(1);
  expect(await acme.context().connector()).not.toBe(first);
  expect(await acme.context().provider()).toBe(provider);
});

test("tenants with the same settings share no adapter", async () => {
  const { tenant } = world();
  const [acme, globex] = [tenant("acme"), tenant("globex")];
  Object.assign(globex.values, acme.values);
  expect(await globex.context().connector()).not.toBe(await acme.context().connector());
});

test("adapters of at most 500 tenants are kept: whom nobody asked for longest is let go, secrets and all", async () => {
  const { made, tenant } = world();
  const acme = tenant("acme");
  const first = await acme.context().connector();
  for (let n = 1; n < 500; n += 1) await tenant(`t${n}`).context().connector();
  expect(await acme.context().connector()).toBe(first);
  // The one more takes the place of the second: the first was asked for since.
  await tenant("t500").context().connector();
  expect(await acme.context().connector()).toBe(first);
  expect(made).toHaveLength(501);
  await tenant("t1").context().connector();
  expect(made.slice(501)).toEqual(["netsuite pem-t1"]);
});

test("no ERP is null, no provider is a setting that is missing", async () => {
  const acme = world().tenant("acme");
  Object.assign(acme.values, { connector: null, provider: null });
  expect(await acme.context().connector()).toBeNull();
  await expect(acme.context().provider()).rejects.toMatchObject({ name: "SettingMissing" });
});
