/** The servers around the edge that a first key needs: a host's page, and card pages of before and of now. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { cardPage } from "../../../demo/src/provider/pages/card-page.ts";

export interface Stand {
  origin: string;
  close: () => void;
}

type Answer = { type: string; body: string; headers?: Record<string, string> };

async function stand(name: string, answer: (url: URL) => Answer | null): Promise<Stand> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const found = answer(new URL(request.url ?? "/", "http://stand"));
    if (!found) {
      response.writeHead(404).end();
      return;
    }
    const headers = {
      "content-type": `${found.type}; charset=utf-8`,
      "content-encoding": "gzip",
      ...found.headers,
    };
    response.writeHead(200, headers).end(gzipSync(found.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://${name}.localhost:${port}`, close: () => server.close() };
}

/** @param page markup of the page at this path, or null */
export const hostStand = (page: (path: string) => string | null): Promise<Stand> =>
  stand("host", ({ pathname }) => {
    const body = page(pathname);
    return body === null ? null : { type: "text/html", body };
  });

/** `/now/card` with its script inside, `/former/card` with its script beside it: a provider of today and of before. */
export const cardStand = (scripts: { now: string; former: string }): Promise<Stand> =>
  stand("card", ({ pathname }) => {
    if (pathname === "/now/card") return pageOfToday(scripts.now);
    if (pathname === "/former/card") return { type: "text/html", body: formerPage };
    if (pathname === "/former/card-frame.js") return { type: "text/javascript", body: scripts.former };
    return null;
  });

function pageOfToday(script: string): Answer {
  const { page, scriptSource } = cardPage({ script, publishableKey: "pk" });
  const policy = `default-src 'none'; script-src ${scriptSource}; connect-src 'self'`;
  return { type: "text/html", body: String(page), headers: { "content-security-policy": policy } };
}

const formerPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Card details</title>
<script src="/former/card-frame.js" data-key="pk" data-api="/v1" defer></script></head><body></body></html>`;
