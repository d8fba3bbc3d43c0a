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

const Times = {
  /** From the answer on, seconds; the same in those that follow. Until then the access token is taken. */
  expiresInS: z.number().int(),
  /** Until then the session can be renewed; each renewal sets it anew. Absent: it cannot, by an older server. */
  renewableInS: z.number().int().optional(),
  /** Then it ends, however often it was renewed. */
  endsInS: z.number().int().optional(),
};

/** The session goes on under another access token, for the same key. The former is good until its own end. */
export const Renewal = z
  .object({ accessToken: z.string(), tokenType: z.literal("DPoP"), ...Times })
  .meta({ id: "Renewal" });
export type Renewal = z.infer<typeof Renewal>;

/** One round trip: everything the first paint needs. */
export const Session = OpenedSession.shape.view
  .extend({
    /** Bearer of the session, bound to the caller's key (RFC 9449, `cnf.jkt`). Keep in memory only. */
    accessToken: z.string(),
    tokenType: z.literal("DPoP"),
    ...Times,
    /** The form's words in `locale`, keyed as in the widget's catalogue. */
    messages: z.record(z.string(), z.string()),
  })
  .meta({ id: "Session" });
export type Session = z.infer<typeof Session>;
