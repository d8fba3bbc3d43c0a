import { z } from "zod";
import {
  faultsOf,
  type NewPortalKey,
  type PortalEmbedKey,
  type Refused,
  refused,
} from "../../contract/index.ts";
import type { Context } from "../context/context.ts";
import {
  addEmbedKey,
  EmbedKeyUnfit,
  EmbedKeyUnknown,
  listEmbedKeys,
  revokeEmbedKey,
} from "../sessions/embed-keys.ts";
import type { OpenTenant } from "../tenant/tenants.ts";
import { lastChanges } from "./last-changes.ts";

interface Call<Input> {
  ctx: Context;
  /** `open` is the same tenant's. */
  input: Input & { open: OpenTenant };
}

/** Keys with who made and revoked them; never a secret. @throws TenantUnavailable */
export async function listOwnKeys({ ctx }: { ctx: Context }): Promise<PortalEmbedKey[]> {
  const keys = await listEmbedKeys({ ctx });
  const subjects = keys.map(({ id }) => id);
  const [made, gone] = await Promise.all(
    ["embed_key.add", "embed_key.revoke"].map((action) =>
      lastChanges({ ctx, input: { subjects, actions: [action] } }),
    ),
  );
  return keys.map(({ id, algorithm, kind, createdAt, revokedAt }) => {
    const end = gone?.get(id);
    const reason = end?.detail.reason;
    return {
      ...{ id, algorithm, kind, createdAt: createdAt.toISOString(), createdBy: made?.get(id)?.by ?? null },
      revoked: revokedAt && {
        at: revokedAt.toISOString(),
        by: end?.by ?? null,
        reason: typeof reason === "string" ? reason : null,
      },
    };
  });
}

/**
 * Makes or registers a key in the person's name.
 *
 * @returns the secret where one was made: it is said this once; refused `validation_failed`
 * @throws TenantUnavailable
 */
export async function addOwnKey({
  ctx,
  input: { open, key },
}: Call<{ key: NewPortalKey }>): Promise<{ kind: "added"; id: string; secret: string | null } | Refused> {
  try {
    const { id, secret } = await addEmbedKey({ ctx: { ...open, actor: ctx.actor }, input: key });
    return { kind: "added", id, secret };
  } catch (error) {
    if (error instanceof z.ZodError) return refused("validation_failed", { errors: faultsOf(error) });
    if (!(error instanceof EmbedKeyUnfit)) throw error;
    const pointer = "jwk" in key && !error.message.includes("exists") ? "/jwk" : "/id";
    return refused("validation_failed", { errors: [{ pointer, message: error.message }] });
  }
}

/** @returns refused `not_found`: no such key in use @throws TenantUnavailable */
export async function revokeOwnKey({
  ctx,
  input: { open, ...input },
}: Call<{ id: string; reason: string }>): Promise<{ kind: "revoked" } | Refused> {
  try {
    await revokeEmbedKey({ ctx: { ...open, actor: ctx.actor }, input });
    return { kind: "revoked" };
  } catch (error) {
    if (error instanceof EmbedKeyUnknown) return refused("not_found");
    throw error;
  }
}
