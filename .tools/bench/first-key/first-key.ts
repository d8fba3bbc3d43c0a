import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import type { Operator } from "@clarity/server/operate";
import { customerId, type PayingTenant, payingTenant, stageOf } from "../fleet/paying-tenant.ts";
import { median } from "../load.ts";
import { embedToken } from "../payer.ts";
import { type Figure, figure } from "../report.ts";
import { startServer } from "../start-server.ts";
import { cardStand, hostStand, type Stand } from "./stands.ts";
import { launch, type Visit, visit } from "./visit.ts";

const rounds = 7;
const chains = ["former", "now"] as const;
type Chain = (typeof chains)[number];

/**
 * How long a payer waits until the card number takes a key, from a page in an ERP that has nothing cached, on slow 4G
 * and a fourth of the processor: the form and card page of the last release (`e2e/former`) beside today's, in turn.
 *
 * @param assetsDir the widget's build
 */
export async function firstKey(input: { operator: Operator; assetsDir: string }): Promise<Figure[]> {
  const directory = await mkdtemp(join(tmpdir(), "first-key-"));
  const { scripts, addresses } = buildsOf({ assetsDir: input.assetsDir, directory });
  const cards = await cardStand(scripts);
  const tenants = {
    former: await payingTenant({ ctx: input.operator, slug: "first-key-former" }),
    now: await payingTenant({ ctx: input.operator, slug: "first-key-now" }),
  };
  const stage = stageOf({ operator: input.operator, assetsDir: directory, tenant: tenants.now });
  const server = await startServer("serve-layers.ts", stage, { args: ["on"] });
  const host = await hostStand((path) => {
    const chain = chains.find((each) => path === `/${each}`);
    if (!chain) return null;
    const edge = `http://first-key-${chain}.localhost:${server.port}`;
    const token = embedToken(tenants[chain].embedKey, customerId);
    const { address, integrity } = addresses[chain];
    return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Invoices</title>
      <link rel="icon" href="data:,">
      <script src="${edge}/v/${address}/pay-form.js" integrity="${integrity}" crossorigin="anonymous" async></script>
      </head><body><pay-form token="${token}"></pay-form></body></html>`;
  });
  const browser = await launch();
  try {
    for (const chain of chains)
      await settle(tenants[chain], { host, frameUrl: `${cards.origin}/${chain}/card` });
    const seen: Record<Chain, Visit[]> = { former: [], now: [] };
    for (let round = 0; round <= rounds; round++) {
      for (const chain of chains) {
        const one = await visit(browser, `${host.origin}/${chain}`);
        // The first warms the servers.
        if (round > 0) seen[chain].push(one);
      }
    }
    return figuresOf(seen);
  } finally {
    await browser.close();
    for (const each of [host, cards]) each.close();
    server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

function figuresOf(seen: Record<Chain, Visit[]>): Figure[] {
  const of = (chain: Chain, name: keyof Visit) => median(seen[chain].map((each) => each[name]));
  const rows = [
    ["first key, slow 4G, 4× CPU", "firstKeyMs", "ms"],
    ["first key, requests in a line", "steps", "steps"],
    ["first key, bytes loaded by then", "bytes", "B"],
  ] as const;
  return rows.map(([title, name, unit]) => figure(title, of("now", name), unit, of("former", name)));
}

async function settle(
  tenant: PayingTenant,
  { host, frameUrl }: { host: Stand; frameUrl: string },
): Promise<void> {
  const { settings } = tenant.open;
  await settings.set("embed.origins", [host.origin]);
  const baseUrl = "http://127.0.0.1:9";
  await settings.set("provider", { id: "sandbox", baseUrl, frameUrl, publishableKey: "pk" });
}

/** A folder for an edge with both builds: today's, and today's with the form of the last release. */
function buildsOf({ assetsDir, directory }: { assetsDir: string; directory: string }) {
  const former = (name: string) => brotliDecompressSync(readFileSync(`e2e/former/${name}.br`));
  cpSync(assetsDir, join(directory, "now"), { recursive: true });
  mkdirSync(join(directory, "former"));
  cpSync(assetsDir, join(directory, "former"), { recursive: true });
  const manifest = JSON.parse(readFileSync(join(assetsDir, "manifest.json"), "utf8"));
  const now = manifest.files["pay-form.js"] as { address: string; integrity: string };
  const bytes = former("pay-form.js");
  const digest = createHash("sha384").update(bytes).digest();
  const before = { address: digest.toString("base64url"), integrity: `sha384-${digest.toString("base64")}` };
  writeFileSync(join(directory, "former", "pay-form.js"), bytes);
  manifest.files["pay-form.js"] = { ...now, ...before };
  manifest.version = "0.0.1";
  writeFileSync(join(directory, "former", "manifest.json"), JSON.stringify(manifest));
  return {
    addresses: { former: before, now },
    scripts: {
      former: former("card-frame.js").toString(),
      now: readFileSync(join(assetsDir, "card-frame.js"), "utf8"),
    },
  };
}
