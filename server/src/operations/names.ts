/**
 * Names of databases and roles on the PostgreSQL server. `namespace` keeps two installations on
 * one server apart. Every role may list all databases, so tenants' names hold ids, not slugs.
 * PostgreSQL cuts a name off at 63 bytes, and two names that are cut off are one: none may be made elsewhere.
 */
export const names = {
  registry: (namespace: string) => `${namespace}_registry`,
  /** Owns tenants' tables; cannot log in. */
  owner: (namespace: string) => `${namespace}_owner`,
  /** Every tenant's role is a member; grants go to it. */
  tenants: (namespace: string) => `${namespace}_tenants`,
  template: (namespace: string, schemaVersion: number) => `${namespace}_template_v${schemaVersion}`,
  /** Made for one command and dropped at its end; holds nobody's rows. */
  scratch: (namespace: string, id = "") => `${namespace}_scratch_${id}`,
  /** Both the database and its login role. */
  tenant: (namespace: string, tenantId: string) => `${namespace}_t_${tenantId.replaceAll("-", "")}`,
  /** A tenant's other databases, whatever its own is called since a restore: they go when the tenant goes. */
  beside: (namespace: string, tenantId: string, what: Beside): string =>
    `${names.tenant(namespace, tenantId)}_${what}`,
  /** Publication, subscription, slot and the role that reads. */
  move: (namespace: string, moveId: string) => `${namespace}_move_${moveId.replaceAll("-", "")}`,
};

/** Half of a move, a drill's, a check's, a rehearsal's, a restored one by six hexadecimal digits of chance. */
export type Beside = "move" | "drill" | "verify" | "dryrun" | `r${string}`;

/** Fits PostgreSQL's 63 bytes with everything appended. */
export const namespacePattern = /^[a-z][a-z0-9_]{0,19}$/;
