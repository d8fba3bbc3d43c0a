import { z } from "zod";
import { answers, json, type Specs } from "../routes/spec.ts";

/** `degraded`: the shared servers do not answer, or say that they can serve nobody; the edge serves what it can. */
const Readiness = z.object({
  status: z.enum(["ok", "degraded"]),
  checks: z.object({ process: z.literal("ok"), servers: z.enum(["ok", "unready", "unreachable"]) }),
});

export const statusSpecs = {
  readHealth: {
    summary: "The process is alive",
    responses: answers({ 200: json(z.object({ status: z.literal("ok") }), "Alive.") }),
  },
  readReadiness: {
    summary: "Requests may come: the process has not been asked to stop",
    responses: answers({ 200: json(Readiness, "Ready.") }),
  },
} satisfies Specs<"readHealth" | "readReadiness">;
