import { exportPKCS8, generateKeyPair } from "jose";
import { expect, test } from "vitest";
import type { Connector } from "./connector.ts";
import { createD365FoConnector } from "./d365-fo/connector.ts";
import { createNetsuiteConnector } from "./netsuite/connector.ts";

const d365 = (fetcher: typeof fetch) =>
  createD365FoConnector({
    clientSecret: "a secret of some length",
    fetch: fetcher,
    config: {
      ...{
        id: "d365-fo",
        baseUrl: "https://erp.test",
        tokenUrl: "https://erp.test/token",
        clientId: "client",
      },
      ...{ company: "usmf", journalName: "CardPay", paymentMethodName: "CARD", offsetAccount: "USMF OPER" },
      concurrency: 5,
    },
  });

const keys = await generateKeyPair("ES256", { extractable: true });
const privateKeyPem = await exportPKCS8(keys.privateKey);
const netsuite = (fetcher: typeof fetch) =>
  createNetsuiteConnector({
    privateKeyPem,
    fetch: fetcher,
    config: {
      ...{ id: "netsuite", baseUrl: "https://erp.test", clientId: "client", certificateId: "certificate" },
      ...{ algorithm: "ES256", depositAccountId: "1", concurrency: 5 },
    },
  });

/** Refuses the first request it is sent and never answers the others; who leaves has left a turn later. */
function brokenErp() {
  const [asked, left] = [[] as string[], [] as string[]];
  const second = Promise.withResolvers<void>();
  const fetcher: typeof fetch = async (input, init) => {
    const url = String(input);
    if (url.includes("token")) return Response.json({ access_token: "token", expires_in: 3600 });
    asked.push(url);
    if (asked.length === 1) {
      await second.promise;
      return new Response("down for maintenance", { status: 503 });
    }
    second.resolve();
    await new Promise((resolve) => init?.signal?.addEventListener("abort", resolve));
    await new Promise(setImmediate);
    left.push(url);
    throw init?.signal?.reason;
  };
  return { fetcher, asked, left };
}

test.each<[string, (fetcher: typeof fetch) => Connector]>([
  ["d365-fo", d365],
  ["netsuite", netsuite],
])("when one read of %s fails, the others are given up, and none outlives the failure", async (_, create) => {
  const { fetcher, asked, left } = brokenErp();
  const signal = new AbortController().signal;
  await expect(create(fetcher).openInvoices({ customerId: "1043", signal })).rejects.toMatchObject({
    code: "unreachable",
    message: expect.stringContaining("503"),
  });
  expect(asked).toHaveLength(2);
  expect(left).toEqual(asked.slice(1));
});
