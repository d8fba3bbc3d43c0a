/** A payment provider on loopback that says yes after a while, and counts what it took. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** How long an answer takes, ms: what a card network takes at its best. */
const answerMs = 40;

interface Charge {
  reference: string;
  amount: string;
  currency: string;
  status: "authorized" | "captured";
  capturedAt: string | null;
}

export interface CountingProvider {
  baseUrl: string;
  /** References of charges whose money was taken; each is one attempt. */
  captured(): string[];
  close(): void;
}

/** The part of `demo/src/provider/API.md` that a card payment without a challenge needs. */
export async function startCountingProvider(): Promise<CountingProvider> {
  const charges = new Map<string, Charge>();
  const server = createServer(async (request, response) => {
    const body = await readBody(request);
    await delay(answerMs);
    const answer = reply({ charges, method: request.method ?? "GET", path: request.url ?? "/", body });
    response
      .writeHead(answer.status, { "content-type": "application/json" })
      .end(JSON.stringify(answer.body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    captured: () =>
      [...charges.values()].filter(({ status }) => status === "captured").map(({ reference }) => reference),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function readBody(request: IncomingMessage): Promise<Record<string, string>> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : {};
}

function reply(input: {
  charges: Map<string, Charge>;
  method: string;
  path: string;
  body: Record<string, string>;
}): { status: number; body: unknown } {
  const { charges, method, path, body } = input;
  if (path === "/v1/account") return { status: 200, body: { id: "acct_counting" } };
  if (path.startsWith("/v1/tokens/")) {
    return { status: 200, body: { brand: "visa", funding: "credit", last4: "4242", country: "US" } };
  }
  // Its own id of a charge is made of our reference.
  const named = path.replace(/^\/v1\/charges\/by-id\/ch_/, "/v1/charges/");
  const [, , , reference = body.reference ?? "", verb] = named.split("/");
  const known = charges.get(reference);
  if (method === "POST" && verb === undefined && !known) {
    const { amount = "", currency = "" } = body;
    charges.set(reference, { reference, amount, currency, status: "authorized", capturedAt: null });
  }
  const charge = charges.get(reference);
  if (!charge) return { status: 404, body: { error: { code: "not_found" } } };
  if (verb === "capture" && charge.status === "authorized") {
    Object.assign(charge, { status: "captured", capturedAt: new Date().toISOString() });
  }
  const captured = charge.status === "captured" ? charge.amount : "0";
  const rest = { id: `ch_${reference}`, captured, refunded: "0", declineCode: null, challengeUrl: null };
  return { status: 200, body: { ...charge, ...rest } };
}
