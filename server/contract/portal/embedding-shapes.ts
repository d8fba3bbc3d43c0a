import { z } from "zod";

/** What signs a page's embed tokens, as the portal shows and makes it. */

const Instant = z.iso.datetime();
const KeyId = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, "1 to 64 letters, digits, . _ -");
const Asymmetric = z.enum(["ES256", "RS256", "PS256"]);

export const PortalEmbedKey = z
  .object({
    id: z.string(),
    algorithm: z.enum(["HS256", "ES256", "RS256", "PS256"]),
    kind: z.enum(["secret", "jwk", "jwks"]),
    createdAt: Instant,
    /** By name; null: the platform. */
    createdBy: z.string().nullable(),
    revoked: z.object({ at: Instant, by: z.string().nullable(), reason: z.string().nullable() }).nullable(),
  })
  .meta({ id: "PortalEmbedKey" });
export type PortalEmbedKey = z.infer<typeof PortalEmbedKey>;

export const PortalEmbedKeys = z
  .object({ keys: z.array(PortalEmbedKey), mayChange: z.boolean() })
  .meta({ id: "PortalEmbedKeys" });
export type PortalEmbedKeys = z.infer<typeof PortalEmbedKeys>;

/** A secret is made at the server; of a pair of keys it takes the public one, or where to read it. */
export const NewPortalKey = z
  .union([
    z.object({ id: KeyId.optional(), algorithm: z.literal("HS256") }).strict(),
    z
      .object({ id: KeyId.optional(), algorithm: Asymmetric, jwk: z.record(z.string(), z.unknown()) })
      .strict(),
    z.object({ id: KeyId.optional(), algorithm: Asymmetric, jwksUrl: z.url().max(2_000) }).strict(),
  ])
  .meta({ id: "NewEmbedKey" });
export type NewPortalKey = z.infer<typeof NewPortalKey>;

export const MadePortalKey = PortalEmbedKeys.extend({
  id: z.string(),
  /** Said this once; null: there is none. */
  secret: z.string().nullable(),
}).meta({ id: "MadeEmbedKey" });
export type MadePortalKey = z.infer<typeof MadePortalKey>;

export const KeyRevocation = z
  .object({ reason: z.string().trim().min(1).max(200) })
  .strict()
  .meta({ id: "KeyRevocation" });
