import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type EdgeRoute, pathsOf, type ServerRoute } from "./route-table.ts";
import { routes, serverPaths } from "./routes.ts";

test("a row without a guard, or whose columns do not go together, does not compile", () => {
  const there = { host: "tenant", whose: "" } as const;
  const rows: EdgeRoute[] = [
    { ...there, method: "GET", path: "/a", guard: "session", rate: "payer" },
    // @ts-expect-error no guard
    { ...there, method: "GET", path: "/a", rate: "payer" },
    // @ts-expect-error a session's share without a session
    { ...there, method: "GET", path: "/a", guard: "public", rate: "payer" },
    // @ts-expect-error a tenant's share without a tenant
    { ...there, host: "any", method: "GET", path: "/a", guard: "public", rate: "reader" },
    // @ts-expect-error anybody, and nobody counts
    { ...there, method: "GET", path: "/a", guard: "public", rate: "uncounted" },
    // @ts-expect-error strangers' work at a payer's expense
    { ...there, method: "POST", path: "/a", bodyBytes: 1, guard: "webhook", rate: "payer" },
    // @ts-expect-error a body without a limit
    { ...there, method: "POST", path: "/a", guard: "session", rate: "payer" },
    // @ts-expect-error nobody says whose rows it answers with
    { host: "tenant", method: "GET", path: "/a", guard: "session", rate: "payer" },
  ];
  const served: ServerRoute[] = [
    { method: "GET", path: "/a", guard: "internal", scope: "pay", timeoutMs: 1 },
    // @ts-expect-error no guard
    { method: "GET", path: "/a", timeoutMs: 1 },
    // @ts-expect-error an internal token for what?
    { method: "GET", path: "/a", guard: "internal", timeoutMs: 1 },
    // @ts-expect-error no time-out
    { method: "GET", path: "/a", guard: "public" },
  ];
  expect(rows.length + served.length).toBe(12);
});

test.each(Object.entries(routes))("no row of the %s stands in another's way", (_, rows) => {
  const all = Object.entries<EdgeRoute | ServerRoute>(rows).map(([id, { method, path }]) => {
    const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`);
    return { id, method, example: path.replaceAll(/\{\w+\}/g, "x"), pattern };
  });
  for (const { id, method, example } of all) {
    const first = all.find((row) => row.method === method && row.pattern.test(example));
    expect(first?.id).toBe(id);
  }
});

test("whatever is named stays one segment of its path, and is read back as it was", () => {
  const { read } = pathsOf({ read: { path: "/a/{one}/b/{two}.css" } } as const);
  const climbs = (value: string) => value === "." || value === "..";
  const text = fc.string({ unit: "grapheme", minLength: 1 }).filter((value) => !climbs(value));
  fc.assert(
    fc.property(text, text, (one, two) => {
      const { pathname } = new URL(read({ one, two }), "http://upstream");
      const found = /^\/a\/([^/]+)\/b\/([^/]+)\.css$/.exec(pathname);
      expect(found?.slice(1).map(decodeURIComponent)).toEqual([one, two]);
    }),
  );
  for (const one of [".", ".."]) expect(() => read({ one, two: "x" })).toThrow(`one of a path is ${one}`);
  expect(serverPaths.listInvoices()).toBe("/internal/v1/invoices");
  expect(serverPaths.readHost({ host: "a/../b" })).toBe("/internal/v1/hosts/a%2F..%2Fb");
});

test("no other file than the table spells an internal path", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const files = globSync("{widget,bff,themes,server,demo,e2e}/**/*.ts", {
    cwd: root,
    exclude: (name) => /node_modules|dist|\.test\.ts$|testing$/.test(String(name)),
  });
  const spelled = files.filter((file) => readFileSync(`${root}/${file}`, "utf8").includes("/internal/"));
  expect(spelled.sort()).toEqual(["server/contract/portal/routes.ts", "server/contract/routes.ts"]);
});
