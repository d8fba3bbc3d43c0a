import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { routes } from "@clarity/server/contract";
import { afterEach, expect, test } from "vitest";
import { httpUpstream } from "./http-upstream.ts";

let server: Server;
afterEach(() => void server.close().closeAllConnections());

async function listen(answer: RequestListener): Promise<string> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a server that says nothing is waited for as long as the row says, whatever the path", async () => {
  const send = httpUpstream(await listen(() => {}));
  for (const { method, path } of Object.values(routes.server)) {
    const request = new Request(`http://upstream${path}/payments`, { method });
    await expect(send(request, 20), path).rejects.toMatchObject({ name: "TimeoutError" });
  }
});

test("a server that stops half-way through its answer is not waited for either", async () => {
  const send = httpUpstream(
    await listen((_, response) => {
      response.writeHead(200, { "content-length": "9" });
      response.write("half");
    }),
  );
  const answer = await send(new Request("http://upstream/x"), 200);
  await expect(answer.text()).rejects.toMatchObject({ name: "TimeoutError" });
});
