import { decodeProtectedHeader, type JWK } from "jose";
import { TenantUnknown } from "../../tenant/errors.ts";
import { listSigningKeys, openSigningKey } from "../keys/signing-keys.ts";
import type { Operator } from "../operator.ts";
import { loadDeletion } from "../records/deletion-record.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { certificateClaims, type DeletionCertificate } from "./certificate.ts";
import { certify, closeDatabase, destroyKey, dropDatabase, dropRole, takeStock } from "./steps.ts";

/** In this order. Each can be run again after it was done, or half done. */
const steps = [closeDatabase, takeStock, dropDatabase, dropRole, destroyKey, certify] as const;

export interface DestroyedTenant {
  readonly certificate: DeletionCertificate;
  /** The same, signed: JWS, compact, Ed25519. */
  readonly jws: string;
  /** Verifies `jws`; null: it was signed by a key that the registry does not know, by code that did not put it there. */
  readonly publicKey: JWK | null;
}

/**
 * Ends a deletion that is due: database, role, data key and host names are destroyed and a signed certificate
 * says so. Killed at any point, it is called again and goes on; called after the end, it answers the certificate.
 *
 * @param onStep is told each step's name before it runs, and `done` at the end
 * @throws TenantUnknown when there is no such deletion, WorkUnfinished; Error when it is not due
 */
export async function destroyTenant({
  ctx,
  input: { tenantId },
  onStep = () => {},
}: {
  ctx: Operator;
  input: { tenantId: string };
  onStep?: ((step: string) => void | Promise<void>) | undefined;
}): Promise<DestroyedTenant> {
  const { registry } = ctx;
  return withTenantLock({ ctx, tenantId }, async () => {
    const deletion = await loadDeletion(registry.sql, tenantId);
    if (!deletion) throw new TenantUnknown(`tenant ${tenantId} is not being deleted`);
    if (!deletion.due && !deletion.stock) {
      throw new Error(`${deletion.slug} is not due before ${deletion.dueAt.toISOString()}`);
    }
    if (deletion.certificate === null) {
      // Before anything goes: what is destroyed is vouched for.
      await openSigningKey(ctx);
      const record = await registry.findById(tenantId);
      for (const step of steps) {
        await onStep(step.name);
        await step({ ctx, deletion, record });
        await registry.sql`
          insert into deletion_steps (tenant_id, step) values (${tenantId}, ${step.name}) on conflict do nothing`;
      }
    }
    await onStep("done");
    return readCertificate({ ctx, tenantId });
  });
}

async function readCertificate(input: { ctx: Operator; tenantId: string }): Promise<DestroyedTenant> {
  const deletion = await loadDeletion(input.ctx.registry.sql, input.tenantId);
  if (!deletion || deletion.certificate === null) throw new Error("the certificate was not stored");
  const publicKey = await signerOf({ ctx: input.ctx, jws: deletion.certificate });
  return { certificate: certificateClaims(deletion), jws: deletion.certificate, publicKey };
}

/** By the key it carries; from before it carried one, by those the registry knows. */
async function signerOf({ ctx, jws }: { ctx: Operator; jws: string }): Promise<JWK | null> {
  const { jwk, kid } = decodeProtectedHeader(jws);
  if (jwk) return jwk;
  const known = (await listSigningKeys({ ctx })).find(({ id }) => id === kid);
  return known ? { ...known.publicJwk, kid: known.id } : null;
}
