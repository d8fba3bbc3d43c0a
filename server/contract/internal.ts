import { z } from "zod";
import { EarlyMethods, Locale } from "./session.ts";

/**
 * The internal token: a compact JWS the edge signs for one forwarded request, at most 60 s old,
 * `typ` `internal+jwt`, `aud` the upstream: its base URL, or `shared`. The server trusts nothing else
 * about a request; a token it does not take is 401 with `www-authenticate`. Beside what stands here it says `kid`, which
 * of the edge's keys signed, and `req`, the one request it is for (`requestDigest`); an edge before those says neither.
 */
export const InternalClaims = z.object({
  /** Tenant id (UUID) the edge resolved by host name; null only for `edge` scope. */
  tenant: z.uuid().nullable(),
  /** ERP customer id; null before a session is open. */
  sub: z.string().nullable(),
  /** Invoice ids the session is limited to; null means all of the customer's. */
  inv: z.array(z.string()).nullable(),
  /** The embed key that vouched for the session, which ends when that is revoked. An older edge does not say. */
  key: z.string().optional(),
  scopes: z.array(z.enum(["edge", "session:open", "pay", "theme:read", "webhook", "portal:open", "portal"])),
  /** The session's language; null before one is open. */
  locale: Locale.nullable(),
  /** Origin of the page the form stands in, an allowed one: frames the bank's challenge. Null where none is needed. */
  origin: z.string().nullable(),
  /**
   * The payer's session: the same from its opening to its end, over renewals, and another for every other. What it may
   * have declined is counted by it. Null or absent before one is open, and from an older edge.
   */
  sid: z.string().min(1).max(200).nullish(),
  /** Scope `portal`: SHA-256 of the portal's session cookie, base64url. The cookie itself stays at the edge. */
  portal: z.string().length(43).optional(),
  /**
   * Who asks: an address as `readAddress` spells it. For counting, by `networkOf`; never logged whole. Null: the edge
   * itself, or nobody knows. An older edge does not say.
   */
  addr: z.string().max(45).nullable().default(null),
  /** Request id, the same in every log line of the request. */
  rid: z.string(),
});
export type InternalClaims = z.infer<typeof InternalClaims>;

/**
 * Which tenant answers at a host name. The shared servers know every host; of a tenant that has an instance of its own,
 * that instance alone knows the origins.
 */
export const HostEntry = z.object({
  tenant: z.object({ id: z.uuid(), slug: z.string(), name: z.string() }),
  status: z.enum(["active", "suspended", "moving", "deleting"]),
  /** Base URL of the instance that serves this tenant; null: the shared servers. */
  upstream: z.url().nullable(),
  /** Origins that may embed the form: CORS and `frame-ancestors`. */
  embedOrigins: z.array(z.string()),
  /** Origins of payment frames, for `frame-src`. */
  frameOrigins: z.array(z.string()),
  /** Where its payment frames are, for the form to load them early. An older server does not say. */
  methods: EarlyMethods.shape.methods.default([]),
  /** Of all its payers. An older server does not say. */
  requestsPerMinute: z.number().int().positive().default(12_000),
});
export type HostEntry = z.infer<typeof HostEntry>;

/** `aud` of internal tokens for the shared servers; a dedicated instance's is its base URL in the registry. */
export const sharedAudience = "shared";

/**
 * The tenant lives at another server (RFC 9110 §15.5.20): the edge asks the registry again and goes there. Not among
 * the codes a browser can be told.
 */
export const misdirected = { status: 421, code: "misdirected" } as const;

/** The header that carries the internal token: `authorization: Bearer <token>`. */
export const internalAuthorization = (token: string) => `Bearer ${token}`;
