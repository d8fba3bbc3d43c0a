import {
  type EdgeRoute,
  type EdgeRouteId,
  type EdgeRow,
  pairWithRows,
  routes,
} from "@clarity/server/contract";
import { createRoute, type OpenAPIHono, type RouteConfig } from "@hono/zod-openapi";
import type { Handler, MiddlewareHandler } from "hono";
import { limitBody, requireJson } from "../http/body.ts";
import type { EdgeEnv } from "../http/env.ts";
import type { Handlers, Spec, Specs } from "./spec.ts";

type App = OpenAPIHono<EdgeEnv>;
type Rows = Readonly<Record<string, EdgeRow>>;

export interface Mounting {
  handlers: Handlers<EdgeRouteId, Specs>;
  specs: Specs;
  /** What stands before a row's body and handler. */
  guards: (row: EdgeRow) => MiddlewareHandler<EdgeEnv>[];
  /** Finds whose host it is, for the rows of a tenant's host and for addresses that are in no row. */
  findTenant: MiddlewareHandler<EdgeEnv>;
}

/**
 * Puts each row of the table in front of its handler, from the outside in: tenant → guard → body → shape.
 *
 * @throws Error when a row has no handler or no spec, or one of them no row
 */
export function mountRoutes(app: App, mounting: Mounting, rows: Rows = routes.edge): void {
  const { handlers, specs, guards, findTenant } = mounting;
  const all = pairWithRows<string, EdgeRow, unknown>(rows, handlers, "handler").map((one) => ({
    ...one,
    before: guards(one.row),
  }));
  const described = all.filter(({ row }) => !isHidden(row)).map(({ id, row }) => [id, row]);
  pairWithRows(Object.fromEntries(described), specs, "spec");
  const known: Readonly<Record<string, Spec>> = specs;
  const mount = (host: EdgeRow["host"]) => {
    const its = all.filter(({ row }) => row.host === host);
    for (const { id, row, before, other } of its) {
      // What a spec lets through is what the handler of the same row reads: `Handlers` says so.
      app.openapi(configOf(row, known[id], before), other as Handler<EdgeEnv>);
    }
    // Behind all of them, a wrong method: it meets the guard of the address, and then nobody.
    for (const { row, before } of its) {
      if (before.length > 0) app.use(honoPath(row.path), ...before, async (c) => c.notFound());
    }
  };
  mount("any");
  app.use(findTenant);
  mount("tenant");
}

/**
 * For the end of a start: whatever was put beside the table, and so behind no guard. A layer over all paths is none.
 *
 * @throws Error naming it
 */
export function refuseStrangers({ routes: served }: Pick<App, "routes">): void {
  const known = new Set(["ALL /*"]);
  for (const { method, path } of Object.values(routes.edge)) {
    known.add(`${method} ${honoPath(path)}`).add(`ALL ${honoPath(path)}`);
  }
  const strangers = served.map(({ method, path }) => `${method} ${path}`).filter((one) => !known.has(one));
  if (strangers.length > 0) throw new Error(`not in the table of routes: ${strangers.join(", ")}`);
}

function configOf(row: EdgeRow, spec: Spec | undefined, guards: MiddlewareHandler<EdgeEnv>[]) {
  const middleware = [
    ...guards,
    ...("bodyBytes" in row ? [limitBody(row.bodyBytes)] : []),
    ...(spec?.request?.body ? [requireJson] : []),
  ];
  return createRoute({
    ...(spec ?? { responses: {} }),
    ...(row.guard === "session" && { security: [{ session: [] }] }),
    ...(row.guard === "user" && { security: [{ portal: [] }] }),
    method: row.method.toLowerCase() as RouteConfig["method"],
    path: row.path,
    ...(isHidden(row) && { hide: true }),
    middleware,
  });
}

const isHidden = (row: EdgeRoute): boolean => row.hidden === true;
const honoPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ":$1");
