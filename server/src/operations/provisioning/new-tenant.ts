import { type PresetId, presets } from "@clarity/themes";
import { z } from "zod";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { HostName, hostPattern, mostHosts } from "./host-name.ts";
import { TemplateName } from "./templates.ts";

export const NewTenant = z.strictObject({
  /** First label of its host name: lower-case letters, digits, hyphens; 2 to 40 characters. */
  slug: z.string().regex(/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/, "2 to 40 lower-case letters, digits, hyphens"),
  name: z.string().trim().min(1).max(80),
  template: TemplateName,
  /** Becomes the tenant's first portal user, role owner. */
  adminEmail: z.email().max(254),
  tier: z.enum(["dedicated", "standard", "starter"]).default("standard"),
  /** A server of `clarity database-server list`; null: the registry's own. */
  databaseServer: z.string().nullable().default(null),
  /** Base URL of its own instance; null: the shared servers. */
  instance: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  /** A preset of the themes; default the template's. */
  theme: z.enum(Object.keys(presets) as [PresetId, ...PresetId[]]).optional(),
  /** `<slug>.<base domain>` is its first host. */
  baseDomain: z.string().regex(hostPattern).default("localhost"),
  /** Custom domains beside it, without port. */
  hosts: z.array(HostName).max(mostHosts).default([]),
});
export type NewTenant = z.input<typeof NewTenant>;

/** A creation under way: what was asked for and what the registry holds of it. */
export interface Creation {
  readonly input: z.output<typeof NewTenant>;
  readonly record: TenantRecord;
}
