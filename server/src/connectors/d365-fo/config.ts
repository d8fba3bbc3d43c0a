import { z } from "zod";

export const D365FoConfig = z.object({
  id: z.literal("d365-fo"),
  /** `https://<org>.operations.dynamics.com` */
  baseUrl: z.url(),
  /** `https://login.microsoftonline.com/<tenant>/oauth2/v2.0/token` */
  tokenUrl: z.url(),
  clientId: z.string(),
  /** Legal entity, `dataAreaId`. */
  company: z.string(),
  journalName: z.string(),
  paymentMethodName: z.string(),
  /** Bank account payments are deposited to, unless `offsetAccounts` has one of their currency. */
  offsetAccount: z.string(),
  offsetAccounts: z
    .array(z.object({ account: z.string(), currency: z.string() }))
    .max(200)
    .optional(),
  /** Requests at once over all server processes. */
  concurrency: z.number().int().min(1).max(20).default(3),
});
export type D365FoConfig = z.infer<typeof D365FoConfig>;

export const d365FoSecretHelp = "D365: client secret.";
