import { z } from "zod";

export const NetsuiteConfig = z.object({
  id: z.literal("netsuite"),
  /** `https://<account>.suitetalk.api.netsuite.com` */
  baseUrl: z.url(),
  clientId: z.string(),
  certificateId: z.string(),
  algorithm: z.enum(["ES256", "PS256"]).default("ES256"),
  /** Internal id of the bank or clearing account payments are deposited to. */
  depositAccountId: z.string(),
  /** Requests at once over all server processes, of the account's shared limit. */
  concurrency: z.number().int().min(1).max(20).default(3),
});
export type NetsuiteConfig = z.infer<typeof NetsuiteConfig>;

export const netsuiteSecretHelp = "NetSuite: private key, PKCS #8 PEM.";
