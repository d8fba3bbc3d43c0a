import { z } from "zod";
import { answers, type Specs } from "../routes/spec.ts";

export const webhookSpecs = {
  receiveWebhook: {
    summary: "News from a payment provider, signed by it",
    request: { params: z.object({ provider: z.string().regex(/^[a-z0-9-]{1,40}$/) }) },
    responses: answers({ 202: { description: "Stored." } }),
  },
} satisfies Specs<"receiveWebhook">;
