import { afterAll, beforeAll, expect, test } from "vitest";
import { createRig, type Rig } from "./testing/rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await createRig();
});
afterAll(() => rig.close());

test("a session answers everything for the first paint, and its token reads invoices", async () => {
  const visitor = await rig.enter("acme.localhost");
  const answer = await visitor.call("/v1/invoices");
  expect(await answer.json()).toEqual({ invoices: [], asOf: "2026-01-01T00:00:00.000Z" });
  expect(answer.status).toBe(200);
});
