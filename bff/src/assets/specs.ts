import { z } from "zod";
import { answers, type Specs } from "../routes/spec.ts";

export const assetSpecs = {
  readTheme: {
    summary: "A theme's style sheet, immutable",
    request: { params: z.object({ file: z.string().regex(/^[A-Za-z0-9_-]{8,64}\.css$/) }) },
    responses: answers({ 200: { description: "CSS", content: { "text/css": { schema: z.string() } } } }),
  },
} satisfies Specs<"readTheme">;
