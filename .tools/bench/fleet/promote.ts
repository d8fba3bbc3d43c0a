/** What payers notice of a promotion: 20 payments a second through edge and servers as they are deployed. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ensureEdgeKeys } from "@clarity/bff";
import { addDatabaseServer, moveTenant, type Operator } from "@clarity/server/operate";
import postgres from "postgres";
import {
  type CountingProvider,
  startCountingProvider,
} from "../../../server/src/providers/testing/counting-provider.ts";
import { freePort } from "../../../server/src/testing/free-port.ts";
import { send } from "../load.ts";
import type { Payer } from "../payer.ts";
import { type Figure, figure } from "../report.ts";
import { type PayingTenant, payingTenant } from "./paying-tenant.ts";
import { enter } from "./start-layers.ts";
import { type Program, startProgram } from "./start-program.ts";

/** Payments a second, over as many sessions: each stays within its own limit. */
const rate = 20;
const phaseMs = 12_000;
/** When the promotion begins, after the first payment, ms. */
const promoteAfterMs = 2_000;
/** Between two tries of a payment that was refused for now, ms. Forms wait for `Retry-After`; the figure shall not. */
const againMs = 50;
/** A payment whose outcome is unknown is found out by the worker within this, ms. */
const longestMs = 120_000;

interface Paid {
  id: string;
  /** Since the phase began, ms. */
  startedMs: number;
  endedMs: number;
  /** `captured`, or what it ended as instead. */
  state: string;
}

/**
 * @param otherUrl administrator of a second PostgreSQL server
 * @param assetsDir the widget's build
 */
export async function promote(input: {
  operator: Operator;
  otherUrl: string;
  assetsDir: string;
}): Promise<Figure[]> {
  const { operator: ctx } = input;
  await addDatabaseServer({ ctx, input: { name: "promoted", adminUrl: input.otherUrl } });
  const provider = await startCountingProvider();
  const tenant = await payingTenant({ ctx, slug: "promoted" });
  const { settings } = tenant.open;
  const { baseUrl } = provider;
  await settings.set("provider", {
    id: "sandbox",
    baseUrl,
    frameUrl: `${baseUrl}/card`,
    publishableKey: "pk",
  });
  const directory = mkdtempSync(join(tmpdir(), "bench-promote-"));
  const programs = await startPrograms({ ...input, directory });
  try {
    const payers = await Promise.all(Array.from({ length: rate }, () => enter(programs.edge.port, tenant)));
    const pay = () => payFor({ port: programs.edge.port, payers });
    await pay();
    const control = await pay();
    const started = delay(promoteAfterMs).then(() =>
      moveTenant({
        ctx,
        input: { slug: "promoted", databaseServer: "promoted", instance: programs.ownUrl, tier: "dedicated" },
      }),
    );
    const [paid, moved] = await Promise.all([pay(), started]);
    if (moved?.method !== "replication") throw new Error(`moved by ${moved?.method}: ${moved?.methodReason}`);
    const there = new URL(input.otherUrl);
    there.pathname = `/${tenant.open.record.database.name}`;
    const books = await balance({ url: there.href, tenant, provider, paid });
    return [
      figure("promote with 20 payments a second: lost", books.lost, "payments", null),
      figure("promote with 20 payments a second: doubled", books.doubled, "payments", null),
      figure("promote: not served, as the registry has it", moved.pauseMs ?? Number.NaN, "ms", null),
      figure("promote: longest time without a payment taken", longestGap(paid), "ms", longestGap(control)),
      figure("promote: slowest payment", slowest(paid), "ms", slowest(control)),
    ];
  } finally {
    await Promise.all([programs.edge, programs.shared, programs.own].map(({ stop }) => stop()));
    provider.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Programs {
  edge: Program;
  shared: Program;
  own: Program;
  ownUrl: string;
}

/** An edge, a shared server and one of the tenant's own, which lives before anybody is sent there. */
async function startPrograms(input: {
  operator: Operator;
  assetsDir: string;
  directory: string;
}): Promise<Programs> {
  const { registry, address } = input.operator;
  const { keyFile, publicKeyFile } = await ensureEdgeKeys(input.directory);
  const env = {
    CLARITY_REGISTRY_URL: address.registryUrl,
    CLARITY_MASTER_KEY_FILE: address.masterKeyFile,
    CLARITY_EDGE_PUBLIC_KEY_FILE: publicKeyFile,
    CLARITY_ALLOWED_NETWORKS: "127.0.0.0/8",
    CLARITY_PLUGINS_DIR: join(input.directory, "none"),
    LOG_LEVEL: "error",
  };
  const [sharedPort, ownPort, edgePort] = [await freePort(), await freePort(), await freePort()];
  const ownUrl = `http://127.0.0.1:${ownPort}`;
  const [shared, own, edge] = await Promise.all([
    startProgram({ script: "@clarity/server/main", port: sharedPort, env }),
    startProgram({
      script: "@clarity/server/main",
      port: ownPort,
      env: { ...env, CLARITY_AUDIENCE: ownUrl },
    }),
    startProgram({
      script: "@clarity/bff/main",
      port: edgePort,
      env: {
        CLARITY_SERVER_URL: `http://127.0.0.1:${sharedPort}`,
        CLARITY_EDGE_KEY_FILE: keyFile,
        CLARITY_ASSETS_DIR: input.assetsDir,
        LOG_LEVEL: "error",
      },
    }),
  ]);
  for (;;) {
    const lives = await registry.sql`select from instances where audience = ${ownUrl}`;
    if (lives.length > 0) return { edge, shared, own, ownUrl };
    await delay(50);
  }
}

/** A payment every 50 ms for a while, whatever became of those before, each until it has ended. */
async function payFor({ port, payers }: { port: number; payers: readonly Payer[] }): Promise<Paid[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const began = performance.now();
  const running: Promise<Paid>[] = [];
  for (let n = 0; n < (rate * phaseMs) / 1_000; n++) {
    await delay(Math.max(0, began + (n * 1_000) / rate - performance.now()));
    const payer = payers[n % payers.length];
    if (payer) running.push(payOne({ agent, port, payer, began, invoice: 1 + (n % 20) }));
  }
  const paid = await Promise.all(running);
  agent.destroy();
  return paid;
}

/** As the form does it: one id, posted until it is answered, then asked for until it has ended. */
async function payOne(input: {
  agent: Agent;
  port: number;
  payer: Payer;
  began: number;
  invoice: number;
}): Promise<Paid> {
  const { agent, port, payer, began } = input;
  const id = randomUUID();
  const body = {
    id,
    currency: "USD",
    lines: [{ invoiceId: `inv-${input.invoice}`, amountMinor: "100" }],
    method: { type: "card", token: "tok_success" },
    shown: { surchargeMinor: "0", totalMinor: "100" },
  };
  const startedMs = performance.now() - began;
  const ended = (state: string): Paid => ({ id, startedMs, endedMs: performance.now() - began, state });
  let known = false;
  while (performance.now() - began - startedMs < longestMs) {
    const request = known
      ? payer.request("GET", `/v1/payments/${id}`)
      : payer.request("POST", "/v1/payments", body);
    const { status, text } = await send(agent, port, request).catch(() => ({ status: 503, text: "{}" }));
    const { state, code } = JSON.parse(text) as { state?: string; code?: string };
    if (state === "captured" || state === "declined") return ended(state);
    if (status < 300) known = true;
    else if (status !== 503 && status !== 409 && status !== 429) return ended(code ?? String(status));
    await delay(againMs);
  }
  return ended("no end");
}

/** What the payers were told, what the provider took and what the tenant's database says must be one thing. */
async function balance(input: {
  url: string;
  tenant: PayingTenant;
  provider: CountingProvider;
  paid: readonly Paid[];
}): Promise<{ lost: number; doubled: number }> {
  const sql = postgres(input.url, { max: 1, onnotice: () => {} });
  const rows = await sql<{ id: string; state: string; attempts: string[] }[]>`
    select p.id, p.state, array(select a.id::text from pay.attempts a where a.payment_id = p.id) as attempts
    from pay.payments p`;
  await sql.end();
  const taken = new Set(input.provider.captured());
  const booked = new Map(rows.map(({ id, state, attempts }) => [id, { state, attempts }]));
  const known = new Set(rows.flatMap(({ attempts }) => attempts));
  const notBooked = input.paid.filter(({ id }) => booked.get(id)?.state !== "captured").length;
  const takenForNobody = [...taken].filter((reference) => !known.has(reference)).length;
  const times = rows.map(({ attempts }) => attempts.filter((id) => taken.has(id)).length);
  return { lost: notBooked + takenForNobody, doubled: times.filter((count) => count > 1).length };
}

function longestGap(paid: readonly Paid[]): number {
  const ends = paid.map(({ endedMs }) => endedMs).toSorted((a, b) => a - b);
  return Math.max(...ends.slice(1).map((end, index) => end - (ends[index] ?? end)));
}

const slowest = (paid: readonly Paid[]) =>
  Math.max(...paid.map(({ startedMs, endedMs }) => endedMs - startedMs));
