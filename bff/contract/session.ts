import { OpenedSession } from "@clarity/server/contract";
import { z } from "zod";

export const SessionRequest = z
  .object({
    /** The embed token: a compact JWS signed on the ERP side. */
    token: z.string().min(20).max(8192),
    /** Wanted languages, best first; the tenant's default stands in for what is not spoken. */
    locales: z.array(z.string().max(35)).max(10).default([]),
  })
  .strict()
  .meta({ id: "SessionRequest" });
export type SessionRequest = z.infer<typeof SessionRequest>;

/** One round trip: everything the first paint needs. */
export const Session = OpenedSession.shape.view
  .extend({
    /** Bearer of the session, bound to the caller's key (RFC 9449, `cnf.jkt`). Keep in memory only. */
    accessToken: z.string(),
    tokenType: z.literal("DPoP"),
    expiresInS: z.number().int(),
    /** The form's words in `locale`, keyed as in the widget's catalogue. */
    messages: z.record(z.string(), z.string()),
  })
  .meta({ id: "Session" });
export type Session = z.infer<typeof Session>;
