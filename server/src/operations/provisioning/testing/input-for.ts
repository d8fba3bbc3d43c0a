import type { NewTenant } from "../new-tenant.ts";

/** For a new tenant of that slug. */
export const inputFor = (slug: string, more: Partial<NewTenant> = {}): NewTenant => ({
  slug,
  name: `${slug} Ltd`,
  template: "netsuite-order-to-cash",
  adminEmail: `ada@${slug}.test`,
  ...more,
});
