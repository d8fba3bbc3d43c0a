import { Hono } from "hono";
import { expect, test } from "vitest";
import { routes } from "../../contract/index.ts";
import type { ServerEnv } from "./answers.ts";
import type { Authenticator } from "./authenticate.ts";
import { NotFromEdge } from "./internal-token.ts";
import { mountRoutes } from "./mount-routes.ts";

const shut = () => {
  throw new NotFromEdge("no token");
};
const authenticator: Authenticator = {
  authenticateEdge: shut,
  authenticate: async () => shut(),
  authenticateSession: async () => shut(),
  authenticateUser: async () => shut(),
};

/** One for each row, which says that it was reached. */
const everyHandler = () =>
  Object.fromEntries(Object.keys(routes.server).map((id) => [id, () => new Response(id)]));

function mount(handlers: object): Hono<ServerEnv> {
  const app = new Hono<ServerEnv>();
  app.onError((error) => new Response(error.name, { status: 401 }));
  mountRoutes(app, { handlers: handlers as never, authenticator });
  return app;
}

test("a row of the server that nobody answers, or a handler of no row, keeps it from starting", () => {
  const { readTheme: _, ...less } = everyHandler();
  expect(() => mount(less)).toThrow("the table of routes has readTheme, but there is no handler");
  expect(() => mount({ ...everyHandler(), readSecrets: shut })).toThrow(
    "handler of no row of the table of routes: readSecrets",
  );
});

test("every internal row is shut before its handler, every other is open, and nothing else is served", async () => {
  const app = mount(everyHandler());
  for (const [id, { method, path, guard }] of Object.entries(routes.server)) {
    const answer = await app.request(path, { method });
    const told = [answer.status, await answer.text()];
    expect(told, id).toEqual(guard === "internal" ? [401, "NotFromEdge"] : [200, id]);
  }
  const served = app.routes.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  const rows = Object.values(routes.server).map(({ method, path }) => `${method} ${path}`);
  expect([...new Set(served)].sort()).toEqual(rows.sort());
});

test("a body over its row's limit is refused ahead of the guard", async () => {
  const app = mount(everyHandler());
  for (const [id, row] of Object.entries(routes.server)) {
    if (!("bodyBytes" in row)) continue;
    const send = (bytes: number) => app.request(row.path, { method: row.method, body: "x".repeat(bytes) });
    expect((await send(row.bodyBytes + 1)).status, id).toBe(413);
    expect((await send(row.bodyBytes)).status, id).toBe(401);
  }
});
