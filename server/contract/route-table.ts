import type { ErrorCode } from "./errors.ts";
import type { InternalClaims } from "./internal.ts";
import type { Permission } from "./portal/permissions.ts";

/** What a row of the table says, and what can be read off any row. The rows: routes.ts. */

/**
 * Who is let in:
 *
 * - `public`: anybody
 * - `loopback`: whoever asks from this machine; to anyone else the route does not exist
 * - `key`: whoever proves a key (RFC 9449, without a token): the one a session will be bound to
 * - `session`: a payer, by an access token and a proof of its key
 * - `webhook`: anybody; the server checks the sender's signature over the bytes
 * - `internal`: the edge, by an internal token with the row's scope
 * - `page`: whoever sends from a page of the tenant's own host
 * - `user`: who has signed in to the tenant's portal, by a cookie; a change also needs that page's token
 */
export type Guard = "public" | "loopback" | "key" | "session" | "webhook" | "internal" | "page" | "user";

/**
 * Whose share a request of the edge is counted against. Each class has counts of its own; an address is IPv4's, or IPv6's
 * first 64 bits.
 *
 * - `payer`: the session's and its tenant's, once token and proof have been judged; the address's while they are no good
 * - `newcomer`: the address's; its tenant's once the server has taken the embed token
 * - `webhook`: the address's, until one of its webhooks to the tenant was genuine; the tenant's share for webhooks, once
 *   the server has found it genuine
 * - `reader`: the address's; where the edge has to ask the server, also the tenant's share for that
 * - `login`: the address's, few; its tenant's share for that once the server has taken it
 * - `user`: the session's and its tenant's share for the portal; the address's while cookies are no good
 * - `anybody`: the address's, of what the edge answers alone
 * - `probe`: the same, counted apart by each edge for itself, so that no flood makes it look dead
 * - `uncounted`: nobody's
 */
export type RateClass =
  | "payer"
  | "newcomer"
  | "webhook"
  | "reader"
  | "login"
  | "user"
  | "anybody"
  | "probe"
  | "uncounted";

/** What an internal token allows. */
export type Scope = InternalClaims["scopes"][number];

/** `{name}` in a path is one segment of any text. */
type Call =
  | { method: "GET"; path: `/${string}` }
  | {
      method: "POST" | "PUT" | "PATCH" | "DELETE";
      path: `/${string}`;
      /** The longest body that is read, bytes. */
      bodyBytes: number;
    };

/** Without a tenant's host there is no tenant to count against. */
type Admission =
  | { host: "any"; guard: "public"; rate: "anybody" | "probe" }
  | { host: "any"; guard: "loopback"; rate: "uncounted" }
  | { host: "tenant"; guard: "public"; rate: "anybody" | "reader" }
  | { host: "tenant"; guard: "webhook"; rate: "webhook" }
  | { host: "tenant"; guard: "key"; rate: "newcomer" }
  | {
      host: "tenant";
      guard: "session";
      rate: "payer";
      /** Takes an access token that has run out, as long as its session may go on. */
      renews?: true;
    }
  | { host: "tenant"; guard: "page"; rate: "login" }
  | { host: "tenant"; guard: "user"; rate: "user" };

/** What the edge answers. `host`: at a tenant's host, or at any before a tenant is looked up. */
export type EdgeRoute = Call &
  Admission & {
    /** Whose rows it can answer with, or why it needs no session. For the access matrix. */
    whose: string;
    /**
     * What another tenant's ids in path or body are answered, by a session of one's own: the same, byte for byte,
     * as ids that are nobody's. Due where a session takes ids.
     */
    foreignIds?: ErrorCode;
    /** Not in the OpenAPI document: no part of the API. */
    hidden?: true;
  };

/** What a server answers. */
export type ServerRoute = Call & {
  /** How long the edge waits for the whole answer, ms. */
  timeoutMs: number;
} & (
    | { guard: "internal"; scope: Exclude<Scope, "portal"> }
    /** `needs`: what the person's role must hold; null: being signed in. `steppedUp`: a second proof, lately. */
    | { guard: "internal"; scope: "portal"; needs: Permission | null; steppedUp: boolean }
    | { guard: "public" }
  );

/** The names in a path, as the arguments that fill them in; none where there are none. */
export type PathParams<Path extends string> = Path extends `${string}{${string}}${string}`
  ? [params: { readonly [Name in NamesIn<Path>]: string }]
  : [];
type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

type Paths<Rows extends Record<string, { path: string }>> = {
  readonly [Id in keyof Rows]: (...params: PathParams<Rows[Id]["path"]>) => string;
};

/**
 * The path of each row as a function of what it names: `/a/{id}` and `{ id: "1/2" }` are `/a/1%2F2`. Whatever is named
 * stays one segment. @throws Error on `.` and `..`, which no spelling keeps from climbing (WHATWG URL, dot segments)
 */
export function pathsOf<const Rows extends Record<string, { path: string }>>(rows: Rows): Paths<Rows> {
  const paths = Object.entries(rows).map(([id, { path }]) => [id, fill(path)]);
  return Object.fromEntries(paths);
}

function fill(path: string): (params?: Readonly<Record<string, string>>) => string {
  // Every second part is a name.
  const parts = path.split(/[{}]/);
  if (parts.length === 1) return () => path;
  return (params = {}) =>
    parts.map((part, at) => (at % 2 === 0 ? part : segment(part, params[part] ?? ""))).join("");
}

function segment(name: string, value: string): string {
  if (value === "." || value === "..") throw new Error(`${name} of a path is ${value}`);
  return encodeURIComponent(value);
}

/**
 * Each row with what is called by its id, in the order of the table.
 *
 * @param what what is looked for, such as `handler`: for the error
 * @throws Error when a row has none, or one has no row: nothing is served then
 */
export function pairWithRows<Id extends string, Row, Other>(
  rows: Readonly<Record<Id, Row>>,
  others: Readonly<Record<Id, Other>>,
  what: string,
): { id: Id; row: Row; other: Other }[] {
  const stray = Object.keys(others).filter((id) => !Object.hasOwn(rows, id));
  if (stray.length > 0) throw new Error(`${what} of no row of the table of routes: ${stray.join(", ")}`);
  return (Object.keys(rows) as Id[]).map((id) => {
    if (!Object.hasOwn(others, id)) throw new Error(`the table of routes has ${id}, but there is no ${what}`);
    return { id, row: rows[id], other: others[id] };
  });
}
