import { z } from "zod";

/** What a person of the tenant's is, from the most to the least. */
export const Role = z.enum(["owner", "admin", "designer", "finance", "viewer"]).meta({ id: "Role" });
export type Role = z.infer<typeof Role>;

const everybody = Role.options;
const managers = ["owner", "admin"] as const;
const money = ["owner", "admin", "finance"] as const;
const readers = ["owner", "admin", "finance", "viewer"] as const;

/**
 * Who may do what, by page and verb: the one table. The server asks it before a verb is called, pages before they show a
 * button, and the access matrix is made of it. A role that is not named may not.
 */
export const permissions = {
  overview: { see: readers },
  payments: { see: readers, act: money },
  invoices: { see: readers, change: money },
  customers: { see: readers, change: money },
  inbox: { see: readers, act: money },
  brand: { see: ["owner", "admin", "designer"], change: ["owner", "admin", "designer"], publish: managers },
  settings: { see: managers, change: managers },
  secrets: { change: managers },
  team: { see: everybody, change: managers },
  audit: { see: managers },
} as const satisfies Readonly<Record<string, Readonly<Record<string, readonly Role[]>>>>;

type Table = typeof permissions;
export type PortalPage = keyof Table;

/** `payments.see`: a page and a verb of it. */
export type Permission = { [Page in PortalPage]: `${Page}.${keyof Table[Page] & string}` }[PortalPage];

const granted: ReadonlyMap<string, readonly Role[]> = new Map(
  Object.entries(permissions).flatMap(([page, verbs]) =>
    Object.entries(verbs).map(([verb, roles]) => [`${page}.${verb}`, roles] as const),
  ),
);

export const allPermissions = [...granted.keys()] as Permission[];

export const may = (role: Role, permission: Permission): boolean =>
  granted.get(permission)?.includes(role) ?? false;
