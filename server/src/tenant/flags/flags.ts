import { randomUUID } from "node:crypto";
import { type Client, type EvaluationDetails, OpenFeature } from "@openfeature/server-sdk";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { TenantRef } from "../tenant-db.ts";
import { type FlagKey, type FlagValue, flagDefinitions } from "./definitions.ts";
import type { FlagOverrides } from "./overrides.ts";
import { createTenantFlagProvider } from "./provider.ts";

type Value = boolean | string | number;

/** One tenant's flags, for one request or job. Evaluation never throws: what goes wrong answers the default. */
export interface Flags {
  get<K extends FlagKey>(key: K): Promise<FlagValue<K>>;
  /** With OpenFeature's reason, and an error code when it is `ERROR`. */
  details<K extends FlagKey>(key: K): Promise<EvaluationDetails<FlagValue<K>>>;
  /** Every flag's value. @param customer the ERP's customer id, where the request does not say it yet */
  all(customer?: string): Promise<Record<FlagKey, Value>>;
}

export type FlagsOf = (open: { tenant: TenantRef; flags: FlagOverrides }, customer: string | null) => Flags;

/** Tenants evaluated for at the same time; far more than requests under way. */
const maxTenants = 10_000;

/** A provider and a client of their own, so that two servers in one process do not share tenants. */
export function createFlags({ log, now }: { log: Logger; now: () => Date }): FlagsOf {
  const sources = new LRUCache<string, FlagOverrides>({ max: maxTenants });
  const domain = `tenant-flags-${randomUUID()}`;
  OpenFeature.setProvider(
    domain,
    createTenantFlagProvider({ overridesOf: (tenantId) => sources.get(tenantId) ?? null, now }),
  );
  const client = OpenFeature.getClient(domain);
  const quiet = () => {};
  client.setLogger({
    error: (message: unknown, cause: unknown) => log.error({ err: cause }, `flags: ${message}`),
    warn: (message: unknown) => log.warn(`flags: ${message}`),
    info: quiet,
    debug: quiet,
  });

  return ({ tenant, flags }, customer) => {
    const details = (key: FlagKey, customerId = customer) => {
      sources.set(tenant.id, flags);
      const context = {
        targetingKey: tenant.id,
        tenant: tenant.slug,
        ...(customerId && { customer: customerId }),
      };
      return evaluate(client, { key, otherwise: flagDefinitions[key].default, context });
    };
    return {
      get: async (key) => (await details(key)).value as never,
      details: (key) => details(key) as never,
      async all(customerId) {
        const keys = Object.keys(flagDefinitions) as FlagKey[];
        const values = await Promise.all(
          keys.map(async (key) => [key, (await details(key, customerId)).value]),
        );
        return Object.fromEntries(values);
      },
    };
  };
}

function evaluate(
  client: Client,
  asked: { key: string; otherwise: Value; context: Record<string, string> },
): Promise<EvaluationDetails<Value>> {
  const { key, otherwise, context } = asked;
  if (typeof otherwise === "boolean") return client.getBooleanDetails(key, otherwise, context);
  if (typeof otherwise === "number") return client.getNumberDetails(key, otherwise, context);
  return client.getStringDetails(key, otherwise, context);
}
