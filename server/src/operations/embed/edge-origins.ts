import type { TenantRecord } from "../../registry/tenant-record.ts";
import type { PlatformAddress } from "../platform-address.ts";

/** Where browsers reach a tenant, its first name first; by https where nothing says how the edge is reached. */
export function edgeOrigins(
  { hosts }: Pick<TenantRecord, "hosts">,
  { edgeUrl }: Pick<PlatformAddress, "edgeUrl">,
): string[] {
  const { protocol, port } = new URL(edgeUrl ?? "https://edge");
  return hosts.map((host) => new URL(`${protocol}//${host}${port && `:${port}`}`).origin);
}
