import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createErpClient } from "../connectors/transport/client.ts";
import { erpTiming } from "../connectors/transport/timing.ts";
import { createLogger } from "../telemetry/log.ts";
import { IsolationBreach, TenantUnavailable } from "../tenant/errors.ts";
import type { TenantDb } from "../tenant/tenant-db.ts";
import { type OpenTenant, openTenants, type Tenants } from "../tenant/tenants.ts";
import { behindPgBouncer } from "../testing/behind-pgbouncer.ts";
import { type TestPlatform, testPlatform } from "../testing/index.ts";
import type { PgBouncer } from "../testing/pgbouncer.ts";
import { createContextFactory } from "./context-factory.ts";
import { createErpTurns, turnS } from "./erp-turns.ts";
import type { ErpChildInput } from "./testing/erp-child.ts";

let platform: TestPlatform;
let acme: OpenTenant;
let tenantCount = 0;
beforeAll(async () => {
  platform = await testPlatform();
});
beforeEach(async () => {
  acme = await platform.createTenant(`acme-${tenantCount++}`);
});
afterAll(() => platform.close());

/** Called when a test ends. */
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const until = <T>(check: () => Promise<T> | T) => vi.waitFor(check, { timeout: 20_000, interval: 5 });

/** An ERP that answers when it is told, the longest waiting request first. */
async function heldErp() {
  const underWay: { path: string; response: ServerResponse }[] = [];
  const arrived: string[] = [];
  const server = createServer(({ url: path = "" }, response) => {
    arrived.push(path);
    underWay.push({ path, response });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => server.close().closeAllConnections());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    underWay,
    arrived,
    answerOne: () => underWay.shift()?.response.end("{}"),
  };
}

/** What a server process has of a tenant's ERP: its own pools, its own client. */
async function serverProcess(input: { erpUrl: string; atOnce: number; pooler?: PgBouncer | null }) {
  const log = createLogger({ name: "test", level: "silent" });
  const tenants: Tenants = openTenants({
    registry: platform.operator.registry,
    log,
    pooler: input.pooler ?? null,
  });
  ends.push(() => tenants.close());
  const client = createErpClient({
    fetch,
    concurrency: input.atOnce,
    turns: createErpTurns((await tenants.open(acme.tenant.id)).db),
    buyToken: async () => ({ accessToken: "token", expiresInS: 3_600 }),
  });
  return (path: string, signal = AbortSignal.timeout(25_000)) => {
    const answer = client.send({ method: "GET", url: new URL(path, input.erpUrl), headers: {}, signal });
    // A test that fails before it awaits this closes the ERP: its rejection is then nobody's, and no second fault.
    answer.catch(() => {});
    return answer;
  };
}

/** Until when the last one who found no turn is remembered to wait; null: nobody has waited yet. */
async function waitingMark(): Promise<number | null> {
  const [row] = await acme.db.query<{ tenant_id: string; until: Date }>`
    select tenant_id, until from pay.erp_turns where number = 0`;
  return row?.until.getTime() ?? null;
}

/** Somebody has looked for a turn, and found none, since this was called. */
async function refusedOnceMore() {
  const before = await waitingMark();
  await until(async () => expect(await waitingMark()).not.toBe(before));
}

function promises(pooler: () => PgBouncer | null): void {
  test("two processes never have more requests at the ERP than its limit, and every request has its turn", async () => {
    const erp = await heldErp();
    const [atOnce, each] = [3, 8];
    const input = { erpUrl: erp.url, atOnce, pooler: pooler() };
    const [one, other] = [await serverProcess(input), await serverProcess(input)];
    const answers = Array.from({ length: each }, (_, n) => [one(`/one/${n}`), other(`/other/${n}`)]).flat();
    /** A process that has all turns lets its others wait in its own line, where nobody asks for one. */
    const somebodyAsks = () =>
      ["/one/", "/other/"].some((process) => {
        const arrived = erp.arrived.filter((path) => path.startsWith(process));
        const underWay = erp.underWay.filter(({ path }) => path.startsWith(process));
        return arrived.length < each && underWay.length < atOnce;
      });
    for (let left = 2 * each; left > 0; left--) {
      const atMost = Math.min(atOnce, left);
      await until(() => expect(erp.underWay).toHaveLength(atMost));
      if (somebodyAsks()) await refusedOnceMore();
      expect(erp.underWay).toHaveLength(atMost);
      erp.answerOne();
    }
    for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
  });

  test("a process with a long line does not keep another out", async () => {
    const erp = await heldErp();
    const input = { erpUrl: erp.url, atOnce: 1, pooler: pooler() };
    const [busy, quiet] = [await serverProcess(input), await serverProcess(input)];
    const line = Array.from({ length: 30 }, (_, n) => busy(`/busy/${n}`));
    await until(() => expect(erp.underWay).toHaveLength(1));
    const single = quiet("/quiet");
    await refusedOnceMore();
    for (let left = 31; left > 0; left--) {
      await until(() => expect(erp.underWay).toHaveLength(1));
      erp.answerOne();
    }
    // The first of the line waits as it does; whose look comes first after that is chance, each time anew.
    expect(erp.arrived.indexOf("/quiet")).toBeLessThan(20);
    await Promise.all([single, ...line]);
  });
}

describe("straight to PostgreSQL", () => promises(() => null));

behindPgBouncer((start) => {
  let bouncer: PgBouncer;
  // It reads the roles there are when it starts.
  beforeEach(async () => {
    bouncer = await start({ adminUrl: platform.address.adminUrl });
    ends.push(() => bouncer.stop());
  });
  promises(() => bouncer);
});

const nowhere = "http://127.0.0.1:9/";
test.each([
  {
    ...({ id: "netsuite", baseUrl: nowhere, algorithm: "ES256", concurrency: 3 } as const),
    ...{ clientId: "c", certificateId: "c", depositAccountId: "1" },
  },
  {
    ...({ id: "d365-fo", baseUrl: nowhere, tokenUrl: nowhere, concurrency: 3 } as const),
    ...{ clientId: "c", company: "usmf", journalName: "j", paymentMethodName: "m", offsetAccount: "1" },
  },
])("a tenant's own connector to $id takes its turns, and gives them back", async (config) => {
  await acme.settings.set("connector", config);
  await acme.settings.set("connector.secret", "not of use");
  const makeContext = createContextFactory({ log: createLogger({ name: "test", level: "silent" }) });
  const connector = await makeContext(acme, {
    actor: { kind: "operator", name: "test" },
    requestId: "1",
  }).connector();
  const signal = AbortSignal.timeout(25_000);
  await expect(connector?.openInvoices({ customerId: "1", signal })).rejects.toThrow();
  await until(async () => {
    const turns = await acme.db.query<{ tenant_id: string; free: boolean }>`
      select tenant_id, until <= now() as free from pay.erp_turns where number > 0`;
    expect(turns.length).toBeGreaterThan(0);
    expect(turns.every(({ free }) => free)).toBe(true);
  });
});

test("a process killed with -9 in its turn: the turn is its own while its request may be under way, then the next one's", async () => {
  const erp = await heldErp();
  const script = fileURLToPath(new URL("testing/erp-child.ts", import.meta.url));
  const argument: ErpChildInput = {
    address: platform.address,
    tenantId: acme.tenant.id,
    erpUrl: erp.url,
  };
  const child = spawn(process.execPath, [script, JSON.stringify(argument)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  await until(() => expect(erp.arrived).toEqual(["/killed"]));
  child.kill("SIGKILL");
  await once(child, "exit");

  const send = await serverProcess({ erpUrl: erp.url, atOnce: 1 });
  const next = send("/next");
  await refusedOnceMore();
  const [turn] = await acme.db.query<{ tenant_id: string; left_s: number }>`
    select tenant_id, extract(epoch from until - now())::float8 as left_s from pay.erp_turns where number = 1`;
  expect(turn?.left_s).toBeGreaterThan(0);
  expect(turn?.left_s).toBeLessThanOrEqual(turnS);
  expect(erp.arrived).toEqual(["/killed"]);

  // Its lease runs out.
  await acme.db.query`update pay.erp_turns set until = now() where number = 1 returning tenant_id`;
  await until(() => expect(erp.arrived).toEqual(["/killed", "/next"]));
  erp.answerOne();
  erp.answerOne();
  expect((await next).status).toBe(200);
});

test("a writing's turn is its own for as long as the writing may take", async () => {
  const turns = createErpTurns(acme.db);
  const signal = AbortSignal.timeout(25_000);
  const turn = await turns.take({ atOnce: 1, forMs: erpTiming.writeMs, signal });
  const [row] = await acme.db.query<{ tenant_id: string; left_ms: number }>`
    select tenant_id, extract(epoch from until - now())::float8 * 1000 as left_ms from pay.erp_turns where number = 1`;
  expect(row?.left_ms).toBeGreaterThan(erpTiming.writeMs);
  await turn.giveBack();
});

test("who gives up waiting leaves the turns as they were", async () => {
  const erp = await heldErp();
  const send = await serverProcess({ erpUrl: erp.url, atOnce: 1 });
  const other = await serverProcess({ erpUrl: erp.url, atOnce: 1 });
  const first = send("/first");
  await until(() => expect(erp.arrived).toEqual(["/first"]));
  const impatient = new AbortController();
  const second = other("/second", impatient.signal);
  await refusedOnceMore();
  impatient.abort();
  await expect(second).rejects.toMatchObject({ name: "ErpError", code: "unreachable" });
  erp.answerOne();
  await first;
  const third = other("/third");
  await until(() => expect(erp.arrived).toEqual(["/first", "/third"]));
  erp.answerOne();
  await third;
});

test("while the database does not answer nothing is sent, and a turn that cannot be given back is no error", async () => {
  const turns = createErpTurns(acme.db);
  let failure: Error | null = new TenantUnavailable("away");
  const failing: TenantDb = {
    tenant: acme.tenant,
    query: (strings, ...values) => (failure ? Promise.reject(failure) : acme.db.query(strings, ...values)),
  };
  const input = { atOnce: 1, signal: AbortSignal.timeout(25_000) };
  await expect(createErpTurns(failing).take(input)).rejects.toMatchObject({ code: "unreachable" });
  // What is no matter of patience stays what it is.
  failure = new IsolationBreach("somebody else's");
  await expect(createErpTurns(failing).take(input)).rejects.toBe(failure);
  failure = null;
  const turn = await createErpTurns(failing).take(input);
  failure = new TenantUnavailable("away");
  await turn.giveBack();
  const waiting = new AbortController();
  const next = turns.take({ ...input, signal: waiting.signal });
  await refusedOnceMore();
  waiting.abort();
  await expect(next).rejects.toMatchObject({ code: "unreachable" });
});
