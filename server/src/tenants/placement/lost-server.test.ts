import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { paymentRows } from "../testing/lived-in-tenant.ts";
import { abortMove } from "./abort-move.ts";
import { addDatabaseServer } from "./database-servers.ts";
import { moveTenant } from "./move-tenant.ts";
import { type OtherServer, startOtherServer } from "./testing/other-server.ts";
import { moveChildren } from "./testing/run-move-child.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await testPlatform();
});
afterAll(() => platform.close());
const inChild = moveChildren(() => platform);
const ctx = () => platform.operator;

/** Known as `name`; its `close` is what loses it. */
async function addServer(name: string): Promise<OtherServer> {
  const other = await startOtherServer();
  await addDatabaseServer({ ctx: ctx(), input: { name, adminUrl: other.url } });
  return other;
}

test.each(["move", "move-abort"])(
  "killed in the pause, and the server it led to lost: %s serves the tenant where it was, and says what is left to do",
  async (verb) => {
    const slug = `by-${verb}`;
    const server = `lost-${verb}`;
    const lost = await addServer(server);
    const { tenant } = await platform.createTenant(slug);
    const input = { slug, databaseServer: server };
    expect(await inChild("move", input, { dieBefore: "verify" })).toBe("SIGKILL");
    await lost.close();
    const again =
      verb === "move" ? moveTenant({ ctx: ctx(), input }) : abortMove({ ctx: ctx(), input: { slug } });
    await expect(again).rejects.toThrow(`database server ${server} does not answer`);
    await expect(again).rejects.toThrow(`${slug} is served where it was`);
    await expect(again).rejects.toThrow(`clarity tenant move-abort ${slug}`);
    await paymentRows(await ctx().tenants.open(tenant.id));
  },
  60_000,
);
