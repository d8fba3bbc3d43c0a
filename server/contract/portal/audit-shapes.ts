import { z } from "zod";

/** The audit log as the portal shows it. */

/** What actions are about, the first part of their names: `setting` of `setting.set`. */
export const AuditTopic = z.enum(["payment", "outbox", "setting", "flag", "embed_key", "team", "login"]);
export type AuditTopic = z.infer<typeof AuditTopic>;

export const AuditQuery = z
  .object({
    /** What was acted on, such as a setting's key or a payment's id: all of it. */
    q: z.string().trim().max(200).optional(),
    topic: AuditTopic.optional(),
    person: z.uuid().optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
    /** `next` of the answer before. */
    cursor: z
      .string()
      .regex(/^\d{1,18}$/)
      .optional(),
  })
  .strict();
export type AuditQuery = z.infer<typeof AuditQuery>;

export const PortalAuditEntry = z
  .object({
    /** Its number in the chain. */
    id: z.string(),
    at: z.iso.datetime(),
    /** Who, by name where it is a person; null: the platform. */
    by: z.string().nullable(),
    action: z.string(),
    subject: z.string(),
    detail: z.unknown(),
  })
  .meta({ id: "AuditEntry" });
export type PortalAuditEntry = z.infer<typeof PortalAuditEntry>;

export const PortalAudit = z
  .object({
    /** The newest first. */
    entries: z.array(PortalAuditEntry),
    next: z.string().nullable(),
  })
  .meta({ id: "AuditPage" });
export type PortalAudit = z.infer<typeof PortalAudit>;

export const AuditVerdict = z
  .object({
    /** Entries read, up to the damage. */
    entries: z.number().int(),
    /** What is remembered of the log elsewhere and was found as it was. */
    anchors: z.number().int(),
    /** The first that is not as it was written; null: the log is whole. */
    damage: z
      .object({
        kind: z.enum(["edited", "deleted", "reordered", "inserted", "replaced", "truncated"]),
        entry: z.string(),
      })
      .nullable(),
  })
  .meta({ id: "AuditVerdict" });
export type AuditVerdict = z.infer<typeof AuditVerdict>;
