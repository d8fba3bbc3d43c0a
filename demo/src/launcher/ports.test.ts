import { createServer } from "node:net";
import { expect, test } from "vitest";
import { explainTaken, firstTaken, portsFrom } from "./ports.ts";

test("eight ports in a row from the base", () => {
  expect(portsFrom(4000)).toEqual({
    edge: 4000,
    server: 4001,
    provider: 4002,
    netsuite: 4003,
    d365: 4004,
    mailbox: 4005,
    smtp: 4006,
    postgres: 4007,
  });
});

test("a taken port is found, and the words name it, who wanted it and the way out", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const address = other.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const ports = { ...portsFrom(4000), netsuite: port };
  const taken = await firstTaken(ports, ["netsuite"]);
  expect(taken).toEqual({ port, wantedBy: "netsuite" });
  const words = taken ? explainTaken(taken, ports) : "";
  expect(words).toContain(`port ${port} on 127.0.0.1 is taken, and netsuite wants it`);
  expect(words).toContain("CLARITY_PORT=4100");
  await new Promise((resolve) => other.close(resolve));
  expect(await firstTaken(ports, ["netsuite"])).toBeNull();
});
