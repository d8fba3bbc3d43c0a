import { equal, match } from "node:assert/strict";
import type { Check, Family } from "./kit/family.ts";
import { type AttackedEdge, startEdge } from "./kit/start-edge.ts";
import { type Answer, request, say } from "./kit/wire.ts";

let edge: AttackedEdge;

const ask = (bytes: string): Promise<Answer> => say({ port: edge.port, bytes });

/** 400 as a problem document that says what is wrong, and not a word from anywhere else. */
async function refusedInWords(bytes: string): Promise<void> {
  const { status, headers, text } = await ask(bytes);
  equal(status, 400, `answered ${status}`);
  equal(headers["content-type"], "application/problem+json");
  const problem = JSON.parse(text) as { code: string; detail?: string };
  equal(problem.code, "malformed_request");
  match(problem.detail ?? "", /\w+ \w+/);
}

const refused = (name: string, bytes: string): Check => ({
  name: `${name} is 400 in words`,
  run: () => refusedInWords(bytes),
});

const wrongHosts = {
  "a port that is none": "acme.localhost:99999",
};

export const family: Family = {
  name: "hosts",
  async open() {
    edge = await startEdge();
  },
  close: () => edge.close(),
  checks: [
    ...Object.entries(wrongHosts).map(([name, host]) =>
      refused(`a Host of ${name}`, request("/v1/invoices", `host: ${host}`)),
    ),
  ],
};
