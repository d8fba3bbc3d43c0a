import type { HostEntry } from "../../contract/index.ts";
import { type Refused, refused } from "../refusal.ts";
import type { Registry } from "../registry/registry.ts";
import { quotas } from "../tenants/quotas.ts";
import type { Tenants } from "../tenants/tenants.ts";

/**
 * What the edge may know of a host: whose it is, which instance serves it, which pages may embed it.
 * @returns refused `tenant_unknown`
 * @throws RegistryUnavailable, TenantUnavailable
 */
export async function hostEntry({
  registry,
  tenants,
  host,
}: {
  registry: Registry;
  tenants: Tenants;
  host: string;
}): Promise<{ kind: "host"; entry: HostEntry } | Refused> {
  const record = await registry.findByHost(host);
  if (!record) return refused("tenant_unknown");
  const { id, slug, name, upstream } = record;
  const known = { tenant: { id, slug, name }, upstream };
  const { requestsPerMinute } = quotas[record.tier];
  const { status } = record;
  if (status === "suspended" || status === "moving" || status === "deleting") {
    return {
      kind: "host",
      entry: { ...known, status, embedOrigins: [], frameOrigins: [], requestsPerMinute },
    };
  }
  const { settings } = await tenants.open(id);
  const provider = await settings.get("provider");
  const embedOrigins = await settings.get("embed.origins");
  const frameOrigins = provider ? [new URL(provider.frameUrl).origin] : [];
  return {
    kind: "host",
    entry: {
      ...known,
      status: "active",
      embedOrigins,
      frameOrigins,
      requestsPerMinute: (await settings.get("quota.requestsPerMinute")) ?? requestsPerMinute,
    },
  };
}
