import { z } from "zod";

export const NetsuiteConfig = z.object({
  id: z.literal("netsuite"),
  /** `https://<account>.suitetalk.api.netsuite.com` */
  baseUrl: z.url(),
  clientId: z.string(),
  certificateId: z.string(),
  algorithm: z.enum(["ES256", "PS256"]).default("ES256"),
  /** Internal id of the bank or clearing account payments are deposited to, unless `depositAccounts` knows better. */
  depositAccountId: z.string(),
  /** An account belongs to subsidiaries, a bank's to a currency too: the entry that fits best decides. */
  depositAccounts: z
    .array(
      z.object({
        accountId: z.string(),
        /** Internal id; none: any. */
        subsidiaryId: z.string().optional(),
        /** ISO 4217; none: any. */
        currency: z.string().optional(),
      }),
    )
    .max(200)
    .optional(),
  /** `undeposited_funds`: NetSuite's own clearing account, which a deposit empties. Default: the account. */
  depositTo: z.enum(["account", "undeposited_funds"]).optional(),
  /** ISO 4217; for an account without the Multiple Currencies feature, which does not say it. */
  baseCurrency: z.string().optional(),
  /** Requests at once over all server processes, of the account's shared limit. */
  concurrency: z.number().int().min(1).max(20).default(3),
});
export type NetsuiteConfig = z.infer<typeof NetsuiteConfig>;

export const netsuiteSecretHelp = "NetSuite: private key, PKCS #8 PEM.";
