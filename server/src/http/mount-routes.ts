import type { Context, Hono, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import {
  type InternalClaims,
  pairWithRows,
  refused,
  routes,
  type ServerRoute,
} from "../../contract/index.ts";
import { answerRefused, type ServerEnv } from "./answers.ts";
import type {
  Authenticated,
  AuthenticatedSession,
  AuthenticatedUser,
  Authenticator,
} from "./authenticate.ts";

type Rows = typeof routes.server;
type Id = keyof Rows;

/** What a route's guard and scope have found by the time its handler is called. */
type Found<Row extends ServerRoute> = Row extends { scope: infer S }
  ? S extends "edge"
    ? InternalClaims
    : S extends "pay"
      ? AuthenticatedSession
      : S extends "portal"
        ? AuthenticatedUser
        : Authenticated
  : undefined;

type Answer = Response | Promise<Response>;

/** `/a/{id}` as Hono spells it. */
type HonoPath<Path extends string> = Path extends `${infer Head}{${infer Name}}${infer Tail}`
  ? `${Head}:${Name}${HonoPath<Tail>}`
  : Path;

/** Who answers the rows of some ids. */
export type Handlers<Ids extends Id> = {
  readonly [One in Ids]: (
    c: Context<ServerEnv, HonoPath<Rows[One]["path"]>>,
    found: Found<Rows[One]>,
  ) => Answer;
};

/**
 * Puts each row of the table in front of its handler: body limit, then the guard.
 *
 * @throws Error when a row has no handler, or a handler no row
 */
export function mountRoutes(
  app: Hono<ServerEnv>,
  input: { handlers: Handlers<Id>; authenticator: Authenticator },
): void {
  const { handlers, authenticator } = input;
  for (const { row, other } of pairWithRows<Id, ServerRoute, unknown>(routes.server, handlers, "handler")) {
    // What the guard finds is what the handler of the same row takes: `Handlers` says so.
    const handler = other as (c: Context<ServerEnv>, found: unknown) => Answer;
    const find = row.guard === "internal" ? guardOf(row, authenticator) : () => undefined;
    const path = row.path.replaceAll(/\{(\w+)\}/g, ":$1");
    app.on([row.method], [path], ...limitsOf(row), async (c) => handler(c, await find(c)));
  }
}

function guardOf(
  row: Extract<ServerRoute, { guard: "internal" }>,
  authenticator: Authenticator,
): (c: Context<ServerEnv>) => unknown {
  switch (row.scope) {
    case "edge":
      return authenticator.authenticateEdge;
    case "pay":
      return authenticator.authenticateSession;
    case "portal":
      return (c) => authenticator.authenticateUser(c, row);
    default:
      return (c) => authenticator.authenticate(c, row.scope);
  }
}

function limitsOf(row: ServerRoute): MiddlewareHandler<ServerEnv>[] {
  if (!("bodyBytes" in row)) return [];
  return [bodyLimit({ maxSize: row.bodyBytes, onError: (c) => answerRefused(c, refused("body_too_large")) })];
}
