import { dirname, join } from "node:path";
import { auditName } from "../../actor/actor.ts";
import {
  type CertificateKey,
  makeCertificateKey,
  PublicSigningJwk,
  readCertificateKey,
  signingKeyId,
} from "../../crypto/certificate-key.ts";
import type { Operator } from "../operator.ts";

/** A public key that the registry knows. */
export interface KnownSigningKey {
  /** RFC 7638 thumbprint. */
  readonly id: string;
  readonly publicJwk: PublicSigningJwk;
  /** What an operator calls the platform that signs with it; null: this one. */
  readonly platform: string | null;
  readonly addedBy: string;
  readonly addedAt: Date;
  /** Not believed since; null: it is believed. */
  readonly distrustedAt: Date | null;
}

/** Beside the master key: `certificate.key`. */
export const signingKeyFile = ({ address }: Pick<Operator, "address">): string =>
  join(dirname(address.masterKeyFile), "certificate.key");

/** By when they were added; distrusted ones too. */
export async function listSigningKeys({
  ctx,
}: {
  ctx: Pick<Operator, "registry">;
}): Promise<KnownSigningKey[]> {
  return ctx.registry.sql<KnownSigningKey[]>`
    select id, public_jwk as "publicJwk", platform, added_by as "addedBy", added_at as "addedAt",
      distrusted_at as "distrustedAt"
    from signing_keys order by added_at, id`;
}

/**
 * The key this platform signs with, made on first use: while nothing was ever signed. A second one, made because the
 * first is not where it is looked for, would vouch for the same platform under a key that nobody knows.
 *
 * @throws Error when the file is gone or another than the one that the registry knows
 */
export async function openSigningKey(ctx: Operator): Promise<CertificateKey> {
  const file = signingKeyFile(ctx);
  const own = await ownKeys(ctx);
  let key = await readCertificateKey(file);
  if (!key) {
    if (own.length > 0 || (await hasSigned(ctx)))
      throw new Error(`the signing key ${file} is gone: ${advice}`);
    await makeCertificateKey(file);
    key = await readCertificateKey(file);
  }
  if (!key) throw new Error(`the signing key ${file} vanished`);
  const { id } = key;
  if (own.length === 0) await remember(ctx, key);
  else if (!own.some((known) => known.id === id && !known.distrustedAt)) {
    throw new Error(`the signing key ${file} is not the one that the registry knows: ${advice}`);
  }
  return key;
}

const advice =
  "put back the file that was there, or clarity signing-key init --reason <why> begins with a new one, " +
  "which whoever checks certificates and exports has to be told";

/**
 * Begins with a new key, or with the one that lies there, beside those that were used before: what they signed stays
 * good.
 *
 * @param input.reason why there is another one; needed once the registry knows one
 * @throws Error when the key that lies there is the platform's already
 */
export async function initSigningKey({
  ctx,
  input: { reason },
}: {
  ctx: Operator;
  input: { reason: string | null };
}): Promise<CertificateKey> {
  const file = signingKeyFile(ctx);
  const own = await ownKeys(ctx);
  const there = await readCertificateKey(file);
  if (there && own.some(({ id }) => id === there.id))
    throw new Error(`${file} is the platform's key already`);
  if ((own.length > 0 || (await hasSigned(ctx))) && !reason) {
    throw new Error(
      "this platform has signed with another key before: say with --reason why there is a new one",
    );
  }
  if (!there) await makeCertificateKey(file);
  const key = await readCertificateKey(file);
  if (!key) throw new Error(`the signing key ${file} vanished`);
  await remember(ctx, key, reason);
  return key;
}

/**
 * Believes another platform's exports from now on.
 *
 * @param input.platform what it is called here: 2 to 40 lower-case letters, digits, hyphens
 * @param input.jwk its public key, as `clarity signing-key show` prints it there
 * @throws ZodError when it is no Ed25519 public key; Error when the key is known as somebody else's
 */
export async function trustSigningKey({
  ctx,
  input: { platform, jwk },
}: {
  ctx: Operator;
  input: { platform: string; jwk: unknown };
}): Promise<{ id: string; platform: string }> {
  if (typeof jwk === "object" && jwk !== null && "d" in jwk) {
    throw new Error("that is a private key: it signs as its platform, and is to be replaced there now");
  }
  const publicJwk = PublicSigningJwk.parse(jwk);
  const id = await signingKeyId(publicJwk);
  const [row] = await ctx.registry.sql<{ platform: string | null }[]>`
    insert into signing_keys as known (id, public_jwk, platform, added_by)
    values (${id}, ${ctx.registry.sql.json(publicJwk)}, ${platform}, ${auditName(ctx.actor)})
    on conflict (id) do update set distrusted_at = null
      where known.platform = excluded.platform
    returning platform`;
  if (!row) throw new Error(`the key ${id} is known already, as another platform's`);
  await ctx.registry.audit({ actor: ctx.actor, action: "signing_key.trust", detail: { id, platform } });
  return { id, platform };
}

/** @throws Error when the registry knows none of that id, or it is believed no more already */
export async function distrustSigningKey({
  ctx,
  input: { id },
}: {
  ctx: Operator;
  input: { id: string };
}): Promise<void> {
  const rows = await ctx.registry.sql`
    update signing_keys set distrusted_at = clock_timestamp() where id = ${id} and distrusted_at is null
    returning id`;
  if (rows.length === 0)
    throw new Error(`no signing key ${id} is trusted: clarity signing-key list shows them`);
  await ctx.registry.audit({ actor: ctx.actor, action: "signing_key.distrust", detail: { id } });
}

async function ownKeys(ctx: Operator): Promise<KnownSigningKey[]> {
  return (await listSigningKeys({ ctx })).filter(({ platform }) => platform === null);
}

/** Before the registry knew keys, certificates were all there was. */
async function hasSigned({ registry }: Operator): Promise<boolean> {
  const rows = await registry.sql`select from deletions where certificate is not null limit 1`;
  return rows.length > 0;
}

async function remember(ctx: Operator, key: CertificateKey, reason: string | null = null): Promise<void> {
  const { sql } = ctx.registry;
  const publicJwk = PublicSigningJwk.parse(key.publicJwk);
  const added = await sql`
    insert into signing_keys (id, public_jwk, added_by) values (${key.id}, ${sql.json(publicJwk)}, ${auditName(ctx.actor)})
    on conflict do nothing returning id`;
  if (added.length === 0) return;
  await ctx.registry.audit({
    actor: ctx.actor,
    action: "signing_key.init",
    detail: { id: key.id, reason },
  });
}
