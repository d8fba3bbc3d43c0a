/**
 * Names of databases and roles on the PostgreSQL server. `namespace` keeps two installations on
 * one server apart. Every role may list all databases, so tenants' names hold ids, not slugs.
 */
export const names = {
  registry: (namespace: string) => `${namespace}_registry`,
  /** Owns tenants' tables; cannot log in. */
  owner: (namespace: string) => `${namespace}_owner`,
  /** Every tenant's role is a member; grants go to it. */
  tenants: (namespace: string) => `${namespace}_tenants`,
  template: (namespace: string, schemaVersion: number) => `${namespace}_template_v${schemaVersion}`,
  /** Made for one command and dropped at its end. */
  scratch: (namespace: string, id = "") => `${namespace}_scratch_${id}`,
  /** Both the database and its login role. */
  tenant: (namespace: string, tenantId: string) => `${namespace}_t_${tenantId.replaceAll("-", "")}`,
};

/** Fits PostgreSQL's 63 bytes with everything appended. */
export const namespacePattern = /^[a-z][a-z0-9_]{0,19}$/;
