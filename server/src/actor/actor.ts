/**
 * Who acts: a value, made where somebody is authenticated or a process starts, and handed on as it is. Decisions
 * look at the value; the audit logs alone hold its spelling, which nobody reads back.
 */
export type Actor =
  /** A payer; `id` as the ERP has it. */
  | { readonly kind: "customer"; readonly id: string }
  /** The edge, on nobody's behalf: who opens a session is not known yet, a provider's webhook has no session. */
  | { readonly kind: "edge" }
  | { readonly kind: "worker" }
  /** A person at the command line. */
  | { readonly kind: "operator"; readonly name: string }
  /** A person of the tenant's, at its portal. */
  | { readonly kind: "user"; readonly id: string; readonly name: string; readonly role: UserRole }
  /** A server process in a tenant's own database, when nobody asked for it. */
  | { readonly kind: "system" }
  /** The same in the registry. */
  | { readonly kind: "platform" };

/** Roles of `pay.users`. */
export type UserRole = "owner" | "admin" | "designer" | "finance" | "viewer";

/**
 * How an actor stands in the audit logs: `customer:<id>`, `operator:<name>`, `user:<id>`, else its kind. Two actors
 * are never spelled alike. A user's name stays out: what is append-only could not forget it.
 */
export function auditName(actor: Actor): string {
  switch (actor.kind) {
    case "customer":
    case "user":
      return `${actor.kind}:${actor.id}`;
    case "operator":
      return `operator:${actor.name}`;
    default:
      return actor.kind;
  }
}
