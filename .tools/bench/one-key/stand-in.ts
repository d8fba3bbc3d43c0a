/** An edge that knows one session, with as many invoices as wanted: what is measured is the form alone. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { compileTheme, presets } from "../../../themes/src/index.ts";
import { locales } from "../../../widget/src/locales/index.ts";

export interface StandIn {
  url: string;
  close: () => Promise<void>;
}

export async function standIn(input: { assetsDir: string; invoices: number }): Promise<StandIn> {
  const script = readFileSync(join(input.assetsDir, "pay-form.js"));
  const session = JSON.stringify(sessionOf(input.invoices));
  const page = `<!doctype html><html lang="en"><title>one key</title><body>
    <pay-form token="${"t".repeat(32)}"></pay-form><script src="/v/bench/pay-form.js"></script></body></html>`;
  const answers: Record<string, [type: string, body: string | Buffer]> = {
    "/": ["text/html; charset=utf-8", page],
    "/v/bench/pay-form.js": ["text/javascript", script],
    "/v1/session": ["application/json", session],
    // The card's fields are another document, and cost this one nothing.
    "/card": ["text/html", "<!doctype html><title>card</title>"],
  };
  const server = createServer((request, response) => {
    const [type, body] = answers[request.url ?? ""] ?? ["text/plain", ""];
    response.writeHead(type === "text/plain" ? 404 : 200, { "content-type": type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function sessionOf(count: number): object {
  const theme = compileTheme(presets.acme);
  const { light, dark } = theme;
  const layout = { labels: "above", fields: "spaced", methods: "tabs" };
  return {
    seller: { name: "Seller", supportEmail: null, timeZone: "UTC" },
    customer: { id: "C-1", name: "Customer" },
    locale: "en",
    theme: { hash: theme.hash, css: theme.css, layout, frame: { light, dark } },
    currencies: { USD: 2 },
    invoices: Array.from({ length: count }, (_, at) => invoiceAt(at)),
    invoicesAsOf: new Date().toISOString(),
    methods: [],
    surcharge: [],
    minimumMinor: {},
    flags: {},
    unfinishedPayment: null,
    accessToken: "token",
    tokenType: "DPoP",
    expiresInS: 600,
    messages: locales.en,
  };
}

function invoiceAt(at: number): object {
  const minor = String(10_000 + at * 137);
  return {
    id: `i-${at}`,
    number: `INV-${10_000 + at}`,
    currency: "USD",
    totalMinor: minor,
    openMinor: minor,
    payableMinor: minor,
    issuedOn: "2026-10-01",
    dueOn: `2026-11-${String(1 + (at % 28)).padStart(2, "0")}`,
    overdueDays: at % 3 ? 0 : 1 + (at % 60),
  };
}
