import { z } from "zod";
import { FrameUrl } from "../frame-url.ts";

export const SandboxConfig = z.object({
  id: z.literal("sandbox"),
  /** API base as the server reaches it. */
  baseUrl: z.url(),
  /** Card frame as the browser reaches it. */
  frameUrl: FrameUrl,
  publishableKey: z.string(),
});
