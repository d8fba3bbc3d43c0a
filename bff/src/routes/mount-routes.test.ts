import { type EdgeRow, routes } from "@clarity/server/contract";
import { OpenAPIHono } from "@hono/zod-openapi";
import { methodNotAllowed } from "hono/method-not-allowed";
import { expect, test } from "vitest";
import type { EdgeEnv } from "../http/env.ts";
import { type Mounting, mountRoutes, refuseStrangers } from "./mount-routes.ts";

type Rows = Parameters<typeof mountRoutes>[2];

const each = <T>(rows: object, make: (id: string) => T) =>
  Object.fromEntries(Object.keys(rows).map((id) => [id, make(id)]));

/** Handlers that answer with their row's id; guards that note the row's path and let everybody in. */
function mount(change: object = {}, rows?: Rows) {
  const app = new OpenAPIHono<EdgeEnv>();
  const met: string[] = [];
  app.use(methodNotAllowed({ app }));
  const described = Object.entries(rows ?? routes.edge).filter(([, row]) => !("hidden" in row));
  const mounting = {
    handlers: each(rows ?? routes.edge, (id) => () => new Response(id)),
    specs: each(Object.fromEntries(described), (id) => ({ summary: id, responses: {} })),
    guards: (row: EdgeRow) => [
      async (_: unknown, next: () => Promise<void>) => {
        met.push(row.path);
        await next();
      },
    ],
    findTenant: async (_: unknown, next: () => Promise<void>) => next(),
    ...change,
  };
  mountRoutes(app, mounting as unknown as Mounting, rows);
  return { app, met };
}

const without = (of: object, id: string) =>
  Object.fromEntries(Object.entries(of).filter(([one]) => one !== id));
const handler = () => new Response();
const spec = { summary: "", responses: {} };

test("a row that has no handler or no description keeps the edge from starting", () => {
  const handlers = each(routes.edge, () => handler);
  expect(() => mount({ handlers: without(handlers, "readTheme") })).toThrow(
    "the table of routes has readTheme, but there is no handler",
  );
  expect(() => mount({ specs: {} })).toThrow("the table of routes has readHealth, but there is no spec");
});

test("a handler or a description that is in no row keeps the edge from starting", () => {
  const handlers = { ...each(routes.edge, () => handler), readSecrets: handler };
  expect(() => mount({ handlers })).toThrow("handler of no row of the table of routes: readSecrets");
  const described = Object.entries(routes.edge).filter(([, row]) => !("hidden" in row));
  const specs = each(Object.fromEntries(described), () => spec);
  expect(() => mount({ specs: { ...specs, readEmbedPage: spec } })).toThrow(
    "spec of no row of the table of routes: readEmbedPage",
  );
});

test("a route put beside the table keeps the edge from starting, whatever its method", () => {
  const { app } = mount();
  refuseStrangers(app);
  app.get("/v1/invoices", handler);
  refuseStrangers(app);
  app.post("/v1/invoices", handler);
  app.get("/v1/secrets", handler);
  expect(() => refuseStrangers(app)).toThrow(
    "not in the table of routes: POST /v1/invoices, GET /v1/secrets",
  );
});

test("every request meets the guard of its own row once, also a wrong method where paths overlap", async () => {
  const row = { host: "tenant", guard: "public", rate: "anybody", whose: "" } as const;
  const rows = {
    list: { ...row, method: "GET", path: "/things" },
    create: { ...row, method: "POST", path: "/things", bodyBytes: 10 },
    export: { ...row, method: "GET", path: "/things/export" },
    read: { ...row, method: "GET", path: "/things/{id}" },
    change: { ...row, method: "PATCH", path: "/things/{id}", bodyBytes: 10 },
  };
  const { app, met } = mount({}, rows as unknown as Rows);
  const ask = async (method: string, path: string) => {
    met.length = 0;
    const answer = await app.request(path, { method });
    const said = answer.status === 405 ? answer.headers.get("allow") : await answer.text();
    return [answer.status, said, ...met];
  };
  expect(await ask("GET", "/things")).toEqual([200, "list", "/things"]);
  expect(await ask("POST", "/things")).toEqual([200, "create", "/things"]);
  expect(await ask("GET", "/things/export")).toEqual([200, "export", "/things/export"]);
  expect(await ask("PATCH", "/things/export")).toEqual([200, "change", "/things/{id}"]);
  expect(await ask("DELETE", "/things")).toEqual([405, "GET, HEAD, POST", "/things"]);
  expect(await ask("DELETE", "/things/export")).toEqual([405, "GET, HEAD, PATCH", "/things/export"]);
  expect(await ask("DELETE", "/things/1")).toEqual([405, "GET, HEAD, PATCH", "/things/{id}"]);
});
