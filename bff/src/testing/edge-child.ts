/**
 * An edge over the rig's fake server as a process of its own, for what may end a process: memory, sockets. Prints its
 * port. `EDGE_OPTIONS` (JSON): `edge` goes to the edge, `variables` are an edge's own, `answerBytes` is how long a style
 * sheet is. The server takes whatever has `forged` in it for that. Asked for `memory` it tells what is in use, bytes; asked for its `log`, the lines.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectionLimitsOf } from "@clarity/server/contract/connections";
import { readEnvironment } from "@clarity/server/contract/environment";
import { edgeEnvironment } from "../environment.ts";
import { createRig, problem } from "./rig.ts";

const { edge = {}, variables = {}, answerBytes } = JSON.parse(process.env.EDGE_OPTIONS ?? "{}");
const rig = await createRig(edge);
rig.answer((path, body) => {
  if (path.includes("/theme/nosuch")) return problem("not_found");
  if (path.includes("/theme/") && answerBytes) return new Response("x".repeat(answerBytes));
  if (!body.includes("forged")) return null;
  return problem(path.includes("/webhooks/") ? "proof_invalid" : "token_invalid");
});
// The rig has a key of its own; the table wants a file that others may not read.
const folder = mkdtempSync(join(tmpdir(), "edge-child-"));
const keyFile = join(folder, "edge.key");
writeFileSync(keyFile, "", { mode: 0o600 });
const needed = {
  CLARITY_SERVER_URL: "http://127.0.0.1:1",
  CLARITY_EDGE_KEY_FILE: keyFile,
  CLARITY_ASSETS_DIR: "/",
};
const { values } = readEnvironment(edgeEnvironment, { ...needed, ...variables });
rmSync(folder, { recursive: true });
const server = rig.edge.serve(connectionLimitsOf(values));
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address() as AddressInfo)));
process.on("message", (asked) => {
  if (asked === "log") return void process.send?.(rig.log.map((line) => JSON.parse(line)));
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.(heapUsed + external);
});
process.once("disconnect", () => process.exit(0));
