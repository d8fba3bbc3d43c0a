import { Problem } from "@clarity/bff/contract";
import type { EdgeRouteId, routes } from "@clarity/server/contract";
import type { RouteConfig, RouteHandler } from "@hono/zod-openapi";
import type { z } from "zod";
import type { EdgeEnv } from "../http/env.ts";

type Rows = typeof routes.edge;

/** Rows of the API, which the OpenAPI document describes. */
export type DescribedId = {
  [Id in EdgeRouteId]: Rows[Id] extends { hidden: true } ? never : Id;
}[EdgeRouteId];

/** What a row's requests are held against, and what the OpenAPI document says of it beside the table. */
export type Spec = Pick<RouteConfig, "description" | "request" | "responses"> & { summary: string };
export type Specs<Ids extends DescribedId = DescribedId> = { readonly [Id in Ids]: Spec };

type ConfigOf<Id extends EdgeRouteId, S> = {
  method: Lowercase<Rows[Id]["method"]>;
  path: Rows[Id]["path"];
  responses: RouteConfig["responses"];
} & (Id extends keyof S ? S[Id] : unknown);

/** Who answers the rows of some ids; `S` the specs that say what `c.req.valid` has for them. */
export type Handlers<Ids extends EdgeRouteId, S = unknown> = {
  readonly [Id in Ids]: (
    c: Parameters<RouteHandler<ConfigOf<Id, S>, EdgeEnv>>[0],
  ) => Response | Promise<Response>;
};

/** What every row may answer beside its own: problem documents. The loosened type lets the server's JSON through. */
export function answers(own: RouteConfig["responses"]): RouteConfig["responses"] {
  const problem = { "application/problem+json": { schema: Problem } };
  return {
    ...own,
    default: { description: "A problem document (RFC 9457); `code` is stable.", content: problem },
  };
}

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

export const body = <T extends z.ZodType>(schema: T) => ({
  body: { required: true, content: { "application/json": { schema } } },
});
