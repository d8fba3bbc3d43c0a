import { createPublicKey, type JsonWebKey, randomBytes } from "node:crypto";
import { importJWK, type JWK } from "jose";
import { z } from "zod";
import { auditName } from "../actor/actor.ts";
import { withFreshKeys } from "../tenant/live-keys.ts";
import { json } from "../tenant/tenant-db.ts";
import type { OpenTenant } from "../tenant/tenants.ts";

/** What signs embed tokens on the ERP side. The id is the token's `iss`. */
export interface EmbedKey {
  readonly id: string;
  readonly algorithm: EmbedAlgorithm;
  readonly key:
    | { readonly kind: "secret"; readonly secret: Uint8Array }
    | { readonly kind: "jwk"; readonly jwk: JWK }
    | { readonly kind: "jwks"; readonly url: string };
  /** What it signs is refused, in words of its own. Default false. */
  readonly revoked?: boolean;
}

export const EmbedAlgorithm = z.enum(["HS256", "ES256", "RS256", "PS256"]);
export type EmbedAlgorithm = z.infer<typeof EmbedAlgorithm>;

const id = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, "1 to 64 letters, digits, . _ -");
const asymmetric = z.enum(["ES256", "RS256", "PS256"]);

export const NewEmbedKey = z.union([
  z.strictObject({
    id: id.optional(),
    algorithm: z.literal("HS256"),
    /** Its UTF-8 bytes are the HMAC key, RFC 7518 §3.2: at least 32, not counting blanks around. Default: generated. */
    secret: z
      .string()
      .max(512)
      .refine((text) => text.trim().length >= 32, "at least 32 characters that are no blanks")
      .refine((text) => new Set(text).size >= 8, "at least 8 different characters")
      .optional(),
  }),
  z.strictObject({ id: id.optional(), algorithm: asymmetric, jwk: z.record(z.string(), z.unknown()) }),
  z.strictObject({
    id: id.optional(),
    algorithm: asymmetric,
    jwksUrl: z.url({ protocol: /^https$/ }).max(2_000),
  }),
]);
export type NewEmbedKey = z.input<typeof NewEmbedKey>;

/** No such key, or revoked. */
export class EmbedKeyUnknown extends Error {
  override readonly name = "EmbedKeyUnknown";
}

/** It is there already, or is no key to trust; the message is for whoever adds it. */
export class EmbedKeyUnfit extends Error {
  override readonly name = "EmbedKeyUnfit";
}

const place = (keyId: string) => `embed-key:${keyId}`;

/**
 * Registers a key. Adding the same id again is refused: revoke it and add another.
 *
 * @returns the id, and the secret when it was generated here: it is shown this once
 * @throws ZodError; EmbedKeyUnfit for a key that does not fit its algorithm or holds private parts
 */
export async function addEmbedKey({
  ctx,
  input,
}: {
  ctx: OpenTenant;
  input: NewEmbedKey;
}): Promise<{ id: string; algorithm: EmbedAlgorithm; secret: string | null }> {
  const checked = NewEmbedKey.parse(input);
  const keyId = checked.id ?? `ek_${randomBytes(9).toString("base64url")}`;
  const { algorithm } = checked;
  if ("jwk" in checked) await checkPublicKey(checked.jwk, algorithm);
  const secret = algorithm === "HS256" ? (checked.secret ?? randomBytes(32).toString("base64url")) : null;
  const rows = await withFreshKeys(ctx.keys, async () => {
    const sealed = secret === null ? null : ctx.keys.seal(place(keyId), secret);
    return ctx.db.query`
      with key as (
        insert into pay.embed_keys (tenant_id, id, algorithm, secret_ciphertext, key_version, public_jwk, jwks_url)
        values (${ctx.tenant.id}, ${keyId}, ${algorithm}, ${sealed?.ciphertext}, ${sealed?.keyVersion},
          ${"jwk" in checked ? json(checked.jwk) : null}, ${"jwksUrl" in checked ? checked.jwksUrl : null})
        on conflict do nothing
        returning tenant_id, id
      )
      insert into pay.audit_log (tenant_id, actor, action, subject)
      select tenant_id, ${auditName(ctx.actor)}, 'embed_key.add', id from key
      returning tenant_id`;
  });
  if (rows.length === 0) throw new EmbedKeyUnfit(`embed key ${keyId} exists already`);
  const given = "secret" in checked && checked.secret !== undefined;
  return { id: keyId, algorithm, secret: given ? null : secret };
}

/** Tokens it signed are refused from now on, and its sessions end (keys-in-use.ts). @throws EmbedKeyUnknown */
export async function revokeEmbedKey({
  ctx,
  input,
}: {
  ctx: OpenTenant;
  input: { id: string; reason?: string };
}): Promise<void> {
  const rows = await ctx.db.query`
    with key as (
      update pay.embed_keys set revoked_at = now()
      where tenant_id = ${ctx.tenant.id} and id = ${input.id} and revoked_at is null
      returning tenant_id, id
    )
    insert into pay.audit_log (tenant_id, actor, action, subject, detail)
    select tenant_id, ${auditName(ctx.actor)}, 'embed_key.revoke', id, ${json(input.reason === undefined ? {} : { reason: input.reason })}
    from key
    returning tenant_id`;
  if (rows.length === 0) throw new EmbedKeyUnknown(`no embed key ${input.id}`);
}

export interface EmbedKeySummary {
  id: string;
  algorithm: EmbedAlgorithm;
  kind: EmbedKey["key"]["kind"];
  createdAt: Date;
  revokedAt: Date | null;
}

/** Revoked ones too, newest first; never secrets. */
export async function listEmbedKeys({ ctx }: { ctx: Pick<OpenTenant, "db"> }): Promise<EmbedKeySummary[]> {
  const rows = await ctx.db.query<{
    tenant_id: string;
    id: string;
    algorithm: EmbedAlgorithm;
    kind: EmbedKeySummary["kind"];
    created_at: Date;
    revoked_at: Date | null;
  }>`
    select tenant_id, id, algorithm, created_at, revoked_at,
      case when public_jwk is not null then 'jwk' when jwks_url is not null then 'jwks' else 'secret' end as kind
    from pay.embed_keys order by created_at desc, id`;
  return rows.map((row) => ({
    id: row.id,
    algorithm: row.algorithm,
    kind: row.kind,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
  }));
}

type Find = Pick<OpenTenant, "db" | "keys"> & {
  id: string;
  /** Finds those too, marked so: to tell who signs with one why that is no good. Default false. */
  evenRevoked?: boolean;
};

/** For verifying a token's signature; null: unknown or revoked. @throws CannotDecrypt */
export const findEmbedKey = (input: Find) => withFreshKeys(input.keys, () => readEmbedKey(input));

async function readEmbedKey({ db, keys, id, evenRevoked = false }: Find): Promise<EmbedKey | null> {
  const [row] = await db.query<{
    tenant_id: string;
    algorithm: EmbedAlgorithm;
    secret_ciphertext: Uint8Array | null;
    key_version: number | null;
    public_jwk: JWK | null;
    jwks_url: string | null;
    revoked: boolean;
  }>`
    select tenant_id, algorithm, secret_ciphertext, key_version, public_jwk, jwks_url,
      revoked_at is not null as revoked
    from pay.embed_keys
    where tenant_id = ${db.tenant.id} and id = ${id} and (revoked_at is null or ${evenRevoked}::boolean)`;
  if (!row) return null;
  const found = { id, algorithm: row.algorithm, ...(row.revoked && { revoked: true }) };
  if (row.public_jwk) return { ...found, key: { kind: "jwk", jwk: row.public_jwk } };
  if (row.jwks_url) return { ...found, key: { kind: "jwks", url: row.jwks_url } };
  const ciphertext = row.secret_ciphertext ?? new Uint8Array();
  const secret = keys.open(place(id), { ciphertext, keyVersion: row.key_version ?? 0 });
  return { ...found, key: { kind: "secret", secret: new TextEncoder().encode(secret) } };
}

async function checkPublicKey(jwk: Record<string, unknown>, algorithm: EmbedAlgorithm): Promise<void> {
  const wantedType = algorithm === "ES256" ? "EC" : "RSA";
  // RFC 7518: private members of EC and RSA keys, and of symmetric ones.
  const isPrivate = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].some((member) => member in jwk);
  if (isPrivate) throw new EmbedKeyUnfit("the JWK holds private parts: register the public key only");
  if (jwk.kty !== wantedType) throw new EmbedKeyUnfit(`${algorithm} needs a JWK of type ${wantedType}`);
  await importJWK(jwk as JWK, algorithm).catch((cause) => {
    throw new EmbedKeyUnfit(`the JWK is no ${algorithm} key`, { cause });
  });
  const { asymmetricKeyDetails } = createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
  // RFC 7518 §3.3. jose refuses the tokens of a shorter one, which is better said now.
  if (wantedType === "RSA" && (asymmetricKeyDetails?.modulusLength ?? 0) < 2_048) {
    throw new EmbedKeyUnfit(`${algorithm} needs an RSA key of at least 2048 bits`);
  }
}
