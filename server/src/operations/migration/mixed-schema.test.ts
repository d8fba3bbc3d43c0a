import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readMigrations } from "../../database/migrate.ts";
import { latestSchemaVersion } from "../../tenant/schema.ts";
import type { OpenTenant } from "../../tenant/tenants.ts";
import { type TestPlatform, testPlatform } from "../../testing/index.ts";
import { temporaryFolders } from "../../testing/temporary-folder.ts";
import { migrateTenants } from "./migrate-tenants.ts";
import { newerBuild } from "./testing/newer-build.ts";
import type { PayChildInput, PayChildLine } from "./testing/pay-child.ts";

const folder = temporaryFolders();
const latest = latestSchemaVersion();
let platform: TestPlatform;
let acme: OpenTenant;
const children: ChildProcess[] = [];

beforeAll(async () => {
  platform = await testPlatform();
  acme = await platform.createTenant("acme");
  const baseUrl = "https://provider.test";
  await acme.settings.set("provider", { id: "sandbox", baseUrl, frameUrl: baseUrl, publishableKey: "pk" });
  await acme.settings.set("provider.secretKey", "sk");
  await acme.settings.set("provider.webhookSecret", `whsec_${"A".repeat(32)}`);
  await acme.db.query`
    insert into pay.invoices (tenant_id, id, customer_id, number, currency, total_minor, open_minor, issued_on,
      due_on, synced_at)
    values (${acme.tenant.id}, 'inv', 'C-1', 'N-1', 'USD', 1000000, 1000000, '2026-01-01', '2026-02-01', now())
    returning tenant_id`;
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await platform.close();
});

/** Server processes of one build, and what became of their payments. */
function startPaying(src: string): { lines: PayChildLine[]; stop(): Promise<void> } {
  const script = join(src, "operations/migration/testing/pay-child.ts");
  const input: PayChildInput = { address: platform.address, tenantId: acme.tenant.id, invoiceId: "inv" };
  const child = spawn(process.execPath, [script, JSON.stringify(input)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const exited = once(child, "exit");
  const lines: PayChildLine[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(JSON.parse(line)));
  return {
    lines,
    async stop() {
      child.stdin.end();
      expect(await exited).toEqual([0, null]);
    },
  };
}

/** Until `count` more payments ended, and the last of them like this. */
async function more(lines: readonly PayChildLine[], line: PayChildLine, count = 10): Promise<void> {
  const before = lines.length;
  await vi.waitFor(
    () => {
      expect(lines.length).toBeGreaterThan(before + count);
      expect(lines.at(-1)).toEqual(line);
    },
    { timeout: 20_000, interval: 20 },
  );
}

test("old and new code take payments on one schema while it expands; contracting it waits for the old to stop", async () => {
  const newSrc = newerBuild({
    folder: folder(),
    later: [
      {
        name: "channel",
        up: "-- phase: expand\nalter table pay.payments add column channel text not null default 'form';\ngrant insert (channel), update (channel) on pay.payments to :tenants;",
      },
      { name: "no_locale", up: "-- phase: contract\nalter table pay.payments drop column locale;" },
    ],
    patches: [
      {
        file: "payments/statements/claim-payment.ts",
        from: "card_brand, card_last4, locale)",
        to: "card_brand, card_last4, channel)",
      },
      {
        file: "payments/statements/claim-payment.ts",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
        from: "${input.card.last4}, ${input.locale}",
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
        to: "${input.card.last4}, 'new code'",
      },
    ],
  });
  const migrations = readMigrations(join(newSrc, "tenant/migrations"));
  const { registry } = platform.operator;
  await registry.sql`
    insert into instances (id, audience, version, schema_version, minimum_schema_version, started_at, seen_at)
    values (gen_random_uuid(), 'shared', 'old', ${latest}, ${latest}, now(), now() + interval '1 minute')`;
  const captured: PayChildLine = { state: "captured" };
  const refused: PayChildLine = { refused: "tenant_upgrading" };

  const old = startPaying(fileURLToPath(new URL("../..", import.meta.url)));
  const newer = startPaying(newSrc);
  await more(old.lines, captured);
  // It needs what is not there yet.
  await more(newer.lines, refused);

  const held = await migrateTenants({ ctx: platform.operator, input: { migrations } });
  expect(held.tenants).toMatchObject([{ slug: "acme", to: latest + 1, outcome: "held" }]);
  await more(newer.lines, captured);
  await more(old.lines, captured);
  // The old code never noticed: nothing refused, nothing unknown.
  expect(old.lines.filter((line) => !("state" in line && line.state === "captured"))).toEqual([]);

  await old.stop();
  await registry.sql`delete from instances`;
  const done = await migrateTenants({ ctx: platform.operator, input: { migrations } });
  expect(done.tenants).toMatchObject([{ slug: "acme", to: latest + 2, outcome: "done" }]);
  await more(newer.lines, captured);
  const after = startPaying(fileURLToPath(new URL("../..", import.meta.url)));
  await more(after.lines, refused);
  await Promise.all([newer.stop(), after.stop()]);

  const rows = await acme.db.query<{ tenant_id: string; channel: string; state: string; n: bigint }>`
    select tenant_id, channel, state, count(*) as n from pay.payments group by 1, 2, 3 order by channel`;
  const taken = ({ lines }: typeof old) => BigInt(lines.filter((line) => "state" in line).length);
  expect(rows.map(({ channel, state, n }) => [channel, state, n])).toEqual([
    ["form", "captured", taken(old)],
    ["new code", "captured", taken(newer)],
  ]);
});
