import { type HostEntry, type Refused, refused, sharedAudience } from "../../contract/index.ts";
import type { Registry } from "../registry/registry.ts";
import { earlyMethods } from "../sessions/early-methods.ts";
import { TenantElsewhere } from "../tenant/errors.ts";
import { quotas } from "../tenant/quotas.ts";
import type { Tenants } from "../tenant/tenants.ts";

/**
 * What the edge may know of a host: whose it is, which instance serves it, which pages may embed it. Of tenants that
 * live elsewhere the shared servers say where, and no more: no server opens another's tenant.
 *
 * @param audience this server's name
 * @returns refused `tenant_unknown`
 * @throws TenantElsewhere, RegistryUnavailable, TenantUnavailable
 */
export async function hostEntry({
  registry,
  tenants,
  audience,
  host,
}: {
  registry: Registry;
  tenants: Tenants;
  audience: string;
  host: string;
}): Promise<{ kind: "host"; entry: HostEntry } | Refused> {
  const record = await registry.findByHost(host);
  if (!record) return refused("tenant_unknown");
  const { id, slug, name, status, upstream } = record;
  if (status === "creating") return refused("tenant_unknown");
  const home = upstream ?? sharedAudience;
  if (home !== audience && audience !== sharedAudience)
    throw new TenantElsewhere(`the tenant lives at ${home}`);
  const { requestsPerMinute } = quotas[record.tier];
  const known = { tenant: { id, slug, name }, status, upstream };
  if (home !== audience || status !== "active") {
    return {
      kind: "host",
      entry: { ...known, embedOrigins: [], frameOrigins: [], methods: [], requestsPerMinute },
    };
  }
  const { settings } = await tenants.open(id);
  const provider = await settings.get("provider");
  const embedOrigins = await settings.get("embed.origins");
  const methods = earlyMethods(provider);
  const frameOrigins = methods.map(({ frameUrl }) => new URL(frameUrl).origin);
  return {
    kind: "host",
    entry: {
      ...known,
      embedOrigins,
      frameOrigins,
      methods,
      // Unreadable: the tier's own. Nobody is turned away for it.
      requestsPerMinute:
        (await settings.get("quota.requestsPerMinute").catch(() => null)) ?? requestsPerMinute,
    },
  };
}
