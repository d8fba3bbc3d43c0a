import { createSecretKey, randomBytes } from "node:crypto";
import { compileTheme, presets, type ThemeSpec } from "@clarity/themes";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestServer, type TestTenant, testServer } from "../http/testing/test-server.ts";
import { json } from "../tenant/tenant-db.ts";
import { currentTheme } from "./current-theme.ts";
import { readTheme } from "./read-theme.ts";

let line: TestServer;
let acme: TestTenant;
let globex: TestTenant;
beforeAll(async () => {
  line = await testServer({ edgeKey: { alg: "HS256", key: createSecretKey(randomBytes(32)) } });
  [acme, globex] = [await line.createTenant("acme"), await line.createTenant("globex")];
});
afterAll(() => line.close());

async function store({ ctx }: TestTenant, spec: ThemeSpec, publishedAt: Date | null) {
  const { hash } = compileTheme(spec);
  await ctx.db.query`
    insert into pay.themes (tenant_id, hash, spec, published_at)
    values (${ctx.tenant.id}::uuid, ${hash}, ${json(spec)}, ${publishedAt})
    returning tenant_id`;
  return hash;
}

test("a tenant wears what it published last; drafts are worn by nobody, and all of its own are served by hash", async () => {
  const before = await currentTheme(acme);
  // A new tenant has a theme already, published when it was made.
  const [soon, later] = [new Date(Date.now() + 1_000), new Date(Date.now() + 2_000)];
  const newer = await store(acme, presets.fjord, later);
  const older = await store(acme, { ...presets.acme, radius: 0.5 }, soon);
  const draft = await store(acme, presets.globex, null);
  expect((await currentTheme(acme)).hash).toBe(newer);
  expect(before.hash).not.toBe(newer);
  for (const hash of [older, newer, draft]) {
    expect(await readTheme({ ctx: acme.ctx, input: { hash } })).toMatchObject({ kind: "css" });
  }
});

test("another tenant's theme is not found, though its hash is known", async () => {
  const hash = await store(globex, presets.globex, new Date());
  expect(await readTheme({ ctx: globex.ctx, input: { hash } })).toMatchObject({ kind: "css" });
  const { hash: only } = compileTheme({ ...presets.globex, radius: 0.5 });
  expect(await readTheme({ ctx: acme.ctx, input: { hash: only } })).toEqual({
    kind: "refused",
    code: "not_found",
  });
});
