/**
 * An edge over the rig's fake server as a process of its own, for what may end a process: memory, sockets. Prints its
 * port. What is in `EDGE_OPTIONS` (JSON) goes to the edge.
 */
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { createRig } from "./rig.ts";

const rig = await createRig(JSON.parse(process.env.EDGE_OPTIONS ?? "{}"));
const server = serve({ fetch: rig.edge.fetch, port: 0, hostname: "127.0.0.1" });
server.on("listening", () => console.log(JSON.stringify(server.address() as AddressInfo)));
process.on("message", () => process.send?.({ rssBytes: process.memoryUsage().rss }));
process.once("disconnect", () => process.exit(0));
